namespace Mne.Functional

open System
open TorchSharp

/// <summary>
/// What is to be inferred and how it is related to what was observed: parameters with names and constraints, and the logarithm of their density, which is
/// prior times likelihood. With it go quantities that are functions of parameters.
/// </summary>
[<StructuredFormatDisplay("{Text}"); Notebooks.TypeFormatterSource>]
type Model =
    internal
        {
            Inferred: Parameter list
            /// The terms, each with a row for every point.
            LogDensity: ParameterValues -> Tensor list
            /// Functions of what stands before, in order.
            Functions: (string * (ParameterValues -> Tensor)) list
            /// Parameters whose values are known, row by row.
            Known: (Parameter * float list) list
        }

    /// <summary>What is inferred.</summary>
    member model.Parameters = model.Inferred

    /// <summary>d, how many numbers without constraint make all parameters.</summary>
    member model.Dimension = model.Inferred |> List.sumBy _.Bijector.Dimension

    /// <summary>A line for each parameter.</summary>
    member model.Text =
        String.concat
            "\n"
            [
                for parameter in model.Inferred -> parameter.Text
                for parameter, values in model.Known ->
                    let known = values |> List.map (fun v -> $"{v:G6}") |> String.concat ", "
                    $"{parameter.Name} = {known}"
                for name, _ in model.Functions -> $"{name}: derived"
            ]

    override model.ToString() = model.Text

/// <summary>What a model says of its quantities: weighted draws under their names, log Z, whether to trust them. It owns tensors; dispose of it.</summary>
[<StructuredFormatDisplay("{Text}"); Notebooks.TypeFormatterSource>]
type Inference =
    {
        /// <summary>What was asked about.</summary>
        Model: Model
        /// <summary>On the scale without constraint: log Z, verdict, concerns, plan.</summary>
        Posterior: Posterior
        /// <summary>Weighted draws of parameters and derived quantities, in their own units.</summary>
        Draws: NamedDraws
    }

    /// <summary>The model, log Z, efficiency, verdict, concerns, plan.</summary>
    member inference.Text = $"{inference.Model.Text}\n{inference.Posterior.Text}"

    override inference.ToString() = inference.Text

    interface IDisposable with
        member inference.Dispose() =
            (inference.Draws :> IDisposable).Dispose()
            (inference.Posterior :> IDisposable).Dispose()

/// <summary>Models: parameters with names and constraints, and the logarithm of their density.</summary>
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Model =

    let private names (model: Model) =
        [
            for parameter in model.Inferred -> parameter.Name
            for parameter, _ in model.Known -> parameter.Name
            for name, _ in model.Functions -> name
        ]

    /// Raises where two have one name.
    let private distinct (argument: string) (names: string list) : unit =
        match names |> List.countBy id |> List.tryFind (fun (_, count) -> count > 1) with
        | Some(name, _) -> Guard.fail argument $"found \"{name}\" twice, wanted a name of its own for each quantity"
        | None -> ()

    /// <summary>
    /// A model. The log-density is a list of terms, of priors and of likelihoods, each a tensor with a row for every point (M × whatever): all their elements are summed.
    /// In the formula a number is a column (M × 1), so that it meets vectors and data as it should.
    /// </summary>
    /// <param name="parameters">What is inferred; one at least.</param>
    /// <param name="logDensity">Their values at M points ↦ terms of the logarithm of prior times likelihood.</param>
    /// <exception cref="T:System.ArgumentException">There are no parameters, or two have one name. When it is evaluated: a term has not a row for every point.</exception>
    /// <example><code>
    /// let effects = Tensor.ofArray Placement.float64 [| 28.0; 8.0; -3.0; 7.0; -1.0; 1.0; 18.0; 12.0 |]
    /// let errors = Tensor.ofArray Placement.float64 [| 15.0; 10.0; 16.0; 11.0; 9.0; 11.0; 10.0; 18.0 |]
    ///
    /// let schools =
    ///     Model.create [ Parameter.real "mu"; Parameter.positive "tau"; Parameter.vector 8 "eta" ] (fun p -&gt;
    ///         [
    ///             Distribution.Normal(p["mu"], 0.0, 5.0)
    ///             Distribution.HalfCauchy(p["tau"], 5.0)
    ///             Distribution.Normal(p["eta"], 0.0, 1.0)
    ///             Distribution.Normal(effects, p["mu"] .+ p["tau"] * p["eta"], errors)
    ///         ])
    /// </code></example>
    let create (parameters: Parameter list) (logDensity: ParameterValues -> Tensor list) : Model =
        if parameters.IsEmpty then
            Guard.fail "parameters" "found none, wanted at least one"

        parameters |> List.map _.Name |> distinct "parameters"

        {
            Inferred = parameters
            LogDensity = logDensity
            Functions = []
            Known = []
        }

    /// <summary>
    /// The model with one more quantity that is a function of those before: it comes with the draws, and may be anything with a row for every point, such as
    /// predictions, or the log-likelihood of each observation.
    /// </summary>
    /// <param name="name">As tables call it.</param>
    /// <param name="formula">Parameters and earlier derived quantities at M points ↦ its values (M × its shape; M or M × 1 for a number).</param>
    /// <param name="model">The model.</param>
    /// <exception cref="T:System.ArgumentException">The name is empty or taken.</exception>
    /// <example><code>
    /// let model = Model.create [ Parameter.positive "sigma" ] (fun p -&gt; [ Distribution.HalfNormal(p["sigma"], 1.0) ])
    /// let variance = model |&gt; Model.derived "variance" (fun p -&gt; p["sigma"].Square())
    /// </code></example>
    let derived (name: string) (formula: ParameterValues -> Tensor) (model: Model) : Model =
        Guard.named "name" name
        distinct "name" (name :: names model)

        { model with
            Functions = model.Functions @ [ name, formula ]
        }

    /// The parameter of that name.
    let private find (name: string) (model: Model) : Parameter =
        match model.Inferred |> List.tryFind (fun parameter -> parameter.Name = name) with
        | Some parameter -> parameter
        | None ->
            let known =
                model.Inferred |> List.map (fun p -> $"\"{p.Name}\"") |> String.concat ", "

            Guard.fail "name" $"found \"{name}\", wanted one of {known}"

    /// Numbers as one value of the parameter (1 × shape).
    let private valueOf (parameter: Parameter) (values: float list) : Tensor =
        let wanted = List.fold (*) 1 parameter.Bijector.Shape

        if values.Length <> wanted then
            Guard.fail "values" $"found {values.Length}, wanted {wanted} for \"{parameter.Name}\""

        (Tensor.ofArray Placement.float64 (Array.ofList values)).reshape
            [| 1L; yield! List.map int64 parameter.Bijector.Shape |]

    /// <summary>
    /// The model given the value of a parameter: a conditional distribution of the others. Its log Z is that of the joint density at this value.
    /// </summary>
    /// <param name="name">The parameter.</param>
    /// <param name="values">Its numbers, one for a number; those of a matrix row by row.</param>
    /// <param name="model">The model.</param>
    /// <exception cref="T:System.ArgumentException">There is no such parameter, or no other; or the value has another size or does not keep the constraint.</exception>
    /// <example><code>
    /// let model =
    ///     Model.create [ Parameter.real "mu"; Parameter.positive "sigma" ] (fun p -&gt;
    ///         [ Distribution.Normal(p["mu"], 0.0, p["sigma"]); Distribution.HalfNormal(p["sigma"], 1.0) ])
    ///
    /// let narrow = model |&gt; Model.conditioned "sigma" [ 0.1 ]
    /// </code></example>
    let conditioned (name: string) (values: float list) (model: Model) : Model =
        let parameter = find name model

        if model.Inferred.Length = 1 then
            Guard.fail "name" $"\"{name}\" is the only parameter; nothing would be left to infer"

        Scope.free (fun () -> Bijector.inverse parameter.Bijector (valueOf parameter values) |> ignore)

        { model with
            Inferred = model.Inferred |> List.filter (fun other -> other.Name <> name)
            Known = model.Known @ [ parameter, values ]
        }

    /// What formulas are given at points without constraint (M × d), and log |det J| (M).
    let private at (model: Model) (y: Tensor) : ParameterValues * Tensor =
        let m = y.shape[0]

        let known =
            (ParameterValues Map.empty, model.Known)
            ||> List.fold (fun all (parameter, values) ->
                let value = Tensor.place (Placement.ofTensor y) (valueOf parameter values)
                all.With parameter.Name parameter.Bijector.Shape (value.expand [| m; yield! value.shape[1..] |]))

        let all, jacobians, _ =
            ((known, [], 0), model.Inferred)
            ||> List.fold (fun (all, jacobians, start) parameter ->
                let n = parameter.Bijector.Dimension

                let value, logJacobian =
                    parameter.Bijector.Forward(y.narrow (1L, int64 start, int64 n))

                all.With parameter.Name parameter.Bijector.Shape value, logJacobian :: jacobians, start + n)

        all, jacobians |> List.reduce (fun a b -> a .+ b)

    /// The sum of all elements of all terms, for each of m points.
    let private total (m: int) (terms: Tensor list) : Tensor =
        if isNull (box terms) || terms.IsEmpty then
            Guard.fail "logDensity" "found no terms, wanted at least one"

        terms
        |> List.mapi (fun i term ->
            Guard.numbers $"logDensity" term

            if term.dim () = 0L || int term.shape[0] <> m then
                Guard.fail
                    "logDensity"
                    $"term {i + 1} has the shape {Guard.shapeName term.shape}, wanted a row for each of {m} points: a number of the model is a column, {m} × 1, and a term of data alone is no term"

            if term.dim () = 1L then
                term
            else
                term.reshape(int64 m, -1L).sum 1L)
        |> List.reduce (fun a b -> a .+ b)

    /// <summary>
    /// The density of a model on ℝᵈ, where nothing is constrained: that of the parameters times |det J|, so that log Z is that of the model. Where the log-density is
    /// not a number, there is no density. Where terms have many elements for each point, as likelihoods of many observations do, some points are worked on at a time, and
    /// again for derivatives, so that memory is bounded whatever the number of points.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <example><code>
    /// let model = Model.create [ Parameter.positive "rate" ] (fun p -&gt; [ Distribution.Gamma(p["rate"], 2.0, 1.0) ])
    /// use posterior = Posterior.sample Run.quiet Posterior.defaults (Model.density model)
    /// </code></example>
    let density (model: Model) : Density =
        let energy (y: Tensor) : Tensor =
            Scope.keep (fun () ->
                let values, logJacobian = at model y
                -(total (Tensor.rows y) (model.LogDensity values) .+ logJacobian))

        /// How many numbers the terms have for each point, asked once.
        let perPoint = ref 0

        let ask (y: Tensor) =
            use _ = torch.no_grad ()

            Scope.free (fun () ->
                let terms = model.LogDensity(fst (at model (y.detach().narrow(0L, 0L, 1L))))
                perPoint.Value <- max 1 (terms |> List.sumBy (fun term -> int (term.numel ()))))

        Density.ofEnergy model.Dimension (fun y ->
            if Tensor.rows y = 1 then
                energy y
            else
                if perPoint.Value = 0 then
                    ask y

                Piecewise.evaluate perPoint.Value energy y)

    /// Values of all quantities (M × k), and what they are.
    let private quantities (model: Model) (y: Tensor) : Quantity list * Tensor =
        let m = y.shape[0]

        let values =
            (fst (at model y), model.Functions)
            ||> List.fold (fun values (name, formula) ->
                let value = formula values
                Guard.numbers name value

                if value.dim () = 0L || value.shape[0] <> m then
                    Guard.fail
                        name
                        $"found the shape {Guard.shapeName value.shape}, wanted a row for each of {m} points"

                values.With name [] value)

        let shapes =
            [
                for parameter in model.Inferred -> parameter.Name, parameter.Bijector.Shape
                for name, _ in model.Functions ->
                    name,
                    match List.ofArray values[name].shape[1..] with
                    | [ 1L ] -> []
                    | shape -> List.map int shape
            ]

        [ for name, shape in shapes -> { Name = name; Shape = shape } ],
        [ for name, _ in shapes -> values[name].reshape(m, -1L) ]
        |> Tensor.concatenate 1L

    let private named (run: Run) (model: Model) (points: Tensor) (logWeights: Tensor) : NamedDraws =
        use _ = torch.no_grad ()

        Scope.keepAll NamedDraws.tensors (fun () ->
            let parts =
                Tensor.rows points
                |> Rows.pieces run.Rows
                |> Rows.each (snd >> List.singleton) (fun piece ->
                    Run.stopIfAsked run
                    quantities model ((Rows.narrow piece points).clone()))

            {
                Quantities = fst parts.Head
                Values = parts |> List.map snd |> Rows.join 0L
                LogWeights = logWeights.clone ()
            })

    /// <summary>Parameters and derived quantities at points without constraint, all with the same weight.</summary>
    /// <param name="points">Points of ℝᵈ (M × d).</param>
    /// <param name="model">The model.</param>
    /// <exception cref="T:System.ArgumentException">The points have another shape, or a derived quantity has not a row for every point.</exception>
    /// <example><code>
    /// let model = Model.create [ Parameter.positive "rate" ] (fun p -&gt; [ Distribution.Gamma(p["rate"], 2.0, 1.0) ])
    /// use draws = model |&gt; Model.constrained (Tensor.ofRows Placement.float64 [ [ 0.0 ]; [ 1.0 ] ])
    /// let rates = draws |&gt; NamedDraws.values "rate"                       // 1, e
    /// </code></example>
    let constrained (points: Tensor) (model: Model) : NamedDraws =
        Guard.points "points" model.Dimension points
        Scope.keepAll NamedDraws.tensors (fun () -> named Run.quiet model points (points.new_zeros points.shape[0]))

    /// <summary>The points without constraint of draws: for starting from them, or for comparing densities at draws of others.</summary>
    /// <param name="draws">Draws of all parameters of the model; other quantities are passed over.</param>
    /// <param name="model">The model.</param>
    /// <returns>Points of ℝᵈ (M × d).</returns>
    /// <exception cref="T:System.ArgumentException">A parameter is not there, or a draw does not keep its constraint.</exception>
    /// <example><code>
    /// let model = Model.create [ Parameter.unit "share" ] (fun p -&gt; [ Distribution.Beta(p["share"], 2.0, 3.0) ])
    /// use draws = model |&gt; Model.constrained (Tensor.ofRows Placement.float64 [ [ 0.0 ]; [ 1.0 ] ])
    /// let points = model |&gt; Model.unconstrained draws                    // 0, 1
    /// </code></example>
    let unconstrained (draws: NamedDraws) (model: Model) : Tensor =
        NamedDraws.check draws

        Scope.keep (fun () ->
            [
                for parameter in model.Inferred ->
                    draws |> NamedDraws.values parameter.Name |> Bijector.inverse parameter.Bijector
            ]
            |> Tensor.concatenate 1L)

    /// <summary>
    /// Weighted draws of all quantities of a model, in their own units, with log Z and a verdict: <c>Posterior.sample</c> of its density, brought back to its
    /// parameters. Draws with the weight 0 are left out.
    /// </summary>
    /// <param name="run">Where numbers are (double precision on the CPU), the seed of everything random, and who hears of it and may end it.</param>
    /// <param name="options">How many draws, how efficient, and how to evolve.</param>
    /// <param name="model">The model.</param>
    /// <exception cref="T:System.ArgumentException">Options do not fit, or the log-density has the wrong shape or is nowhere finite.</exception>
    /// <exception cref="T:System.OperationCanceledException">The run was asked to stop.</exception>
    /// <example><code>
    /// let heads = Tensor.ofArray Placement.float64 [| 1.0; 0.0; 1.0; 1.0 |]
    ///
    /// let coin =
    ///     Model.create [ Parameter.unit "share" ] (fun p -&gt;
    ///         [ Distribution.Beta(p["share"], 2.0, 2.0); Distribution.Bernoulli(heads, p["share"]) ])
    ///
    /// use inference = coin |&gt; Model.sample Run.quiet Posterior.defaults
    /// printfn $"{inference}"
    /// </code></example>
    let sample (run: Run) (options: PosteriorOptions) (model: Model) : Inference =
        let posterior = Posterior.sample run options (density model)

        try
            {
                Model = model
                Posterior = posterior
                Draws =
                    Scope.keepAll NamedDraws.tensors (fun () ->
                        let logWeights = posterior.Draws.LogWeights

                        let kept = torch.isfinite(logWeights).nonzero().squeeze 1L

                        named
                            run
                            model
                            (posterior.Draws.Points.index_select (0L, kept))
                            (logWeights.index_select (0L, kept)))
            }
        with _ ->
            (posterior :> IDisposable).Dispose()
            reraise ()

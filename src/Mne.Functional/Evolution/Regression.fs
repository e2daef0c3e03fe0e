namespace Mne.Functional

open System
open TorchSharp

/// What a fit begins with: θ in the units of the function, or in those of the fit, or a state that a fit has left.
[<RequireQualifiedAccess>]
type internal Beginning =
    | Of of Tensor
    | Fresh of Tensor
    | Resumed of FitState

/// <summary>
/// Fits a network to a function with natural-gradient steps θ ← θ + η Jᵀ(K + Nλκ I)⁻¹(g(X) − u_θ(X)): minimal neural
/// evolution of a regression problem (docs/mathematics.md §3). At points that are drawn anew, a step is not the
/// smallest change that fits them but the one nearest to μ times the step before, θ ← θ + η (δ + Jᵀ(K + Nλκ I)⁻¹(g(X) −
/// u_θ(X) − J δ)) with δ = μ × that step (Goldshlager, Abrahamsen and Lin, arXiv 2401.10190).
/// </summary>
[<RequireQualifiedAccess>]
module Regression =

    /// <summary>200 steps, λ from 1e-2 to 1e-12, error 1e-9.</summary>
    let defaults: RegressionOptions =
        {
            Steps = 200
            Tolerance = 1e-9
            SmallestScale = 0.0
            Momentum = 0.95
            Regularisation = 1e-2, 1e-12
            Sketch = Sketch.Exact
            Checkpoint = ignore
        }

    let private evaluate (network: Network) (g: Tensor -> Tensor) (points: Tensor) : Tensor =
        let values = g points
        Guard.values "g" (Tensor.rows points) network.Outputs values
        Guard.finite "g" values
        values

    /// Raises `ArgumentException` for options out of range; the stage that they are of precedes their names.
    let internal check (stage: string) (options: RegressionOptions) : unit =
        let first, last = options.Regularisation
        Guard.positive $"{stage}Regularisation" first
        Guard.positive $"{stage}Regularisation" last
        Guard.tolerance $"{stage}Tolerance" options.Tolerance
        Guard.notNegative $"{stage}SmallestScale" options.SmallestScale

        if not (options.Momentum >= 0.0 && options.Momentum < 1.0) then
            Guard.fail $"{stage}Momentum" $"found {options.Momentum}, wanted 0 to below 1"

        Guard.atLeast $"{stage}Steps" 1 options.Steps
        Sketch.check $"{stage}Sketch" options.Sketch

    /// Errors above this, and above so many tolerances, say that the fit is not of the function that was given.
    let private farOff (options: RegressionOptions) (fitted: Fitted) =
        let error =
            if Double.IsNaN fitted.Error then
                fitted.ErrorAtPoints
            else
                fitted.Error

        error > max 0.05 (100.0 * options.Tolerance)

    let private advice (options: RegressionOptions) (reached: FitSteps) (error: float) (met: bool) =
        let atPoints, wanted = reached.ErrorAtPoints, options.Tolerance

        if met && Double.IsNaN error then
            $"The relative error is {atPoints:G2} at the points, below the tolerance of {wanted:G2}; between them the function has no values to compare with."
        elif met then
            $"The relative error is {error:G2} at points that the fit has not seen, and its tolerance of {wanted:G2} is met."
        elif error > 10.0 * max atPoints wanted then
            $"The relative error is {atPoints:G2} at the points, but {error:G2} between them: give more points, or a network with fewer harmonics or units."
        else
            let error = if Double.IsNaN error then atPoints else error

            match reached.End with
            | FitEnd.Stalled ->
                $"The relative error is {error:G2} (wanted {wanted:G2}), and no step lowers it further: take a wider network or one that suits the function (its symmetry, its length scales), a smaller last Regularisation, or another seed."
            | FitEnd.Reached
            | FitEnd.StepsUsed ->
                $"After {reached.Steps} steps the relative error is {error:G2} (wanted {wanted:G2}): raise Steps, take a wider network, or raise Tolerance if this is enough."

    /// The unit of a fit, and values of g and of u_θ in it at some of the points: numbers of like size, whatever that of g.
    let private witness (unit: FitUnit.Unit) (problem: FitUnit.Problem) (θ: Tensor) (points: Tensor) : float[] =
        Scope.free (fun () ->
            let few = points.narrow (0L, 0L, min 64L points.shape[0])

            Array.concat
                [
                    Array.map log unit.Scale
                    Array.map2 (fun mean scale -> mean / (abs mean + scale)) unit.Mean unit.Scale
                    Tensor.toArray (problem.Function few)
                    Tensor.toArray (Network.value problem.Network θ few)
                ])

    /// Raises unless a state is one of this fit.
    let private checkState
        (unit: FitUnit.Unit)
        (problem: FitUnit.Problem)
        (collocation: Collocation)
        (points: Tensor)
        (state: FitState)
        =
        match collocation, state.Change with
        | Collocation.Given _, Some _ ->
            Guard.fail "collocation" "found points that are given, but the fit was at drawn ones"
        | Collocation.Drawn _, None ->
            Guard.fail "collocation" "found points that are drawn, but the fit was at given ones"
        | _ -> ()

        // As of the states of evolutions.
        let tolerance = sqrt (Placement.epsilon (Placement.ofTensor state.Parameters))

        if not (Witness.agrees tolerance state.Witness (witness unit problem state.Parameters points)) then
            Guard.fail
                "state"
                "function, network, points or seed are others than those of the fit that has left it; give those that it began with"

    /// The fit from parameters in the units of g, or in units of its own, or from a state that a fit has left.
    let private reach (run: Run) (options: RegressionOptions) network g collocation unitOf (beginning: Beginning) =
        check "" options

        let name, start, inUnitsOfG =
            match beginning with
            | Beginning.Of θ -> "start", θ, true
            | Beginning.Fresh θ -> "start", θ, false
            | Beginning.Resumed state -> "state", defaultArg state.Start state.Parameters, state.Start.IsSome

        Guard.vector name network.ParameterCount start
        Guard.finite name start
        let placement, g = Placement.ofTensor start, Lent.one g
        run.Meter(Progress.started Phase.Fit 0.0)

        Scope.keepAll (fun (fitted: Fitted) -> [ fitted.Parameters ]) (fun () ->
            use _ = torch.no_grad ()

            let draw seed =
                Collocation.points placement seed collocation

            let first = draw (Seed.child 0 run.Seed)
            let unit: FitUnit.Unit = unitOf options.SmallestScale (evaluate network g first)
            let problem = FitUnit.problem unit network (evaluate network g) placement
            let inward = if inUnitsOfG then problem.Inward start else start

            let begun: FitState =
                match beginning with
                | Beginning.Resumed state ->
                    Guard.vector "state" network.ParameterCount state.Parameters
                    checkState unit problem collocation first state

                    { state with
                        Parameters = state.Parameters.clone ()
                    }
                | Beginning.Of _
                | Beginning.Fresh _ ->
                    {
                        Steps = 0
                        Parameters = inward.clone ()
                        Change = None
                        Memory = []
                        Start = if inUnitsOfG then Some start else None
                        Witness = [||]
                    }

            let options =
                { options with
                    Checkpoint =
                        fun state ->
                            let own =
                                lazy
                                    { state.Value with
                                        Start = state.Value.Start |> Option.map _.alias()
                                        Witness = witness unit problem state.Value.Parameters first
                                    }

                            // The last word is there already.
                            if state.IsValueCreated then
                                own.Force() |> ignore

                            options.Checkpoint own
                }

            let reached =
                match collocation with
                | Collocation.Given _ -> LevenbergMarquardt.fit run options problem first begun
                | Collocation.Drawn _ -> NaturalGradient.fit run options problem draw begun

            let θ =
                // Where nothing was left to do, the bits of the start stay.
                if inUnitsOfG && Tensor.toArray reached.Parameters = Tensor.toArray inward then
                    start.clone ()
                else
                    problem.Outward reached.Parameters

            // Rank 0's, on every rank.
            let θ =
                if run.Communicator.Size = 1 then
                    θ
                else
                    Communicator.broadcast θ run.Communicator

            let error =
                match collocation with
                | Collocation.Given _ ->
                    // Others in number than the given ones, so that values measured at those are not taken for values here.
                    let n = Tensor.rows first
                    let count = if n < 256 then n + 1 else 255

                    first
                    |> FreshPoints.between network.Domain count (Seed.child 1 run.Seed)
                    |> FreshError.ofPoints unit.ErrorScale network g θ
                | Collocation.Drawn _ ->
                    let fresh = draw (Seed.child (options.Steps + 1) run.Seed)

                    evaluate network g fresh - Network.value network θ fresh
                    |> Tangent.stacked
                    |> FitUnit.error unit.ErrorScale

            let met = reached.End = FitEnd.Reached && not (error > 10.0 * options.Tolerance)

            {
                Parameters = θ
                Error = error
                ErrorAtPoints = reached.ErrorAtPoints
                Steps = reached.Steps
                Met = met
                Advice = advice options reached error met
            })

    /// As `tryFit`, of an energy, from the given parameters of a fresh network.
    let internal tryFitEnergy run options network g collocation (initial: Tensor) : Fitted =
        reach run options network g collocation FitUnit.ofEnergies (Beginning.Fresh initial)

    /// As `tryResume`, of an energy.
    let internal tryResumeEnergy run options network g collocation (state: FitState) : Fitted =
        use state = state
        reach run options network g collocation FitUnit.ofEnergies (Beginning.Resumed state)

    let private orRaise (options: RegressionOptions) (fitted: Fitted) : Tensor =
        if farOff options fitted then
            fitted.Parameters.Dispose()

            raise (
                FitFailedException(
                    fitted.Error,
                    $"{fitted.Advice} Regression.tryFit returns what was reached all the same."
                )
            )

        fitted.Parameters

    /// <summary>
    /// The fit that starts from given parameters; see <c>tryFit</c>. If nothing is left to do there, they are returned bit for bit.
    /// </summary>
    /// <param name="run">See <c>tryFit</c>. Precision and device are those of <c>start</c>.</param>
    /// <param name="options">How to fit.</param>
    /// <param name="network">u_θ.</param>
    /// <param name="g">The function: points (N × d) to values, N, or N × m for a network of m components.</param>
    /// <param name="collocation">Where to fit.</param>
    /// <param name="start">θ to begin with (p).</param>
    /// <returns>What was reached, however good.</returns>
    /// <exception cref="T:System.ArgumentException">g has another shape or is not finite, or arguments do not fit together.</exception>
    /// <exception cref="T:System.OperationCanceledException">The run was asked to stop.</exception>
    let tryFitFrom
        (run: Run)
        (options: RegressionOptions)
        (network: Network)
        g
        (collocation: Collocation)
        start
        : Fitted =
        reach run options network g collocation FitUnit.ofValues (Beginning.Of start)

    /// <summary>
    /// Fits the network to g at the points. Points that are drawn are drawn anew at every step (natural gradient with line search and
    /// falling λ; the right choice in more than two dimensions); given points are fitted by Levenberg and Marquardt's method. Unit and
    /// origin of g do not matter: each component is fitted in a unit of its own, which is folded into the last layer (not where the
    /// network is a function of the caller's; where u has to vanish somewhere, only the unit).
    /// </summary>
    /// <param name="run">
    /// Its seed is that of the initial parameters and of drawn points, its placement that of the result; its meter hears of every step.
    /// </param>
    /// <param name="options">How to fit.</param>
    /// <param name="network">u_θ.</param>
    /// <param name="g">The function: points (N × d) to values, N, or N × m for a network of m components.</param>
    /// <param name="collocation">Where to fit.</param>
    /// <returns>What was reached, however good: the parameters, and their error at points that the fit has not seen.</returns>
    /// <exception cref="T:System.ArgumentException">g has another shape or is not finite, or arguments do not fit together.</exception>
    /// <exception cref="T:System.OperationCanceledException">The run was asked to stop.</exception>
    /// <example><code>
    /// use fitted = Regression.tryFit Run.quiet Regression.defaults network (fun x -&gt; x.squeeze(1L).sin ()) (Collocation.grid circle 128)
    /// printfn $"{fitted.Error:E1} between the points. {fitted.Advice}"
    /// </code></example>
    let tryFit (run: Run) (options: RegressionOptions) (network: Network) g (collocation: Collocation) : Fitted =
        use initial = Scope.keep (fun () -> network.Initial run.Placement run.Seed)
        reach run options network g collocation FitUnit.ofValues (Beginning.Fresh initial)

    /// <summary>
    /// Goes on with a fit from a state that <c>Checkpoint</c> has reported, and returns what was reached, however good. Network, function, points,
    /// options and run are given again: with those of the first run, it has the bits that it would have had without the interruption. It takes the
    /// tensors of the state over; do not use the state afterwards.
    /// </summary>
    /// <param name="run">As before. Precision and device are those of the state.</param>
    /// <param name="options">As before.</param>
    /// <param name="network">u_θ.</param>
    /// <param name="g">The function, as before.</param>
    /// <param name="collocation">Where to fit.</param>
    /// <param name="state">What <c>Checkpoint.readFit</c> gives; its tensors are taken over.</param>
    /// <returns>What was reached, however good.</returns>
    /// <exception cref="T:System.ArgumentException">The state is of another fit, or arguments do not fit together.</exception>
    /// <exception cref="T:System.OperationCanceledException">The run was asked to stop.</exception>
    let tryResume
        (run: Run)
        (options: RegressionOptions)
        (network: Network)
        g
        (collocation: Collocation)
        (state: FitState)
        : Fitted =
        use state = state
        reach run options network g collocation FitUnit.ofValues (Beginning.Resumed state)

    /// <summary>
    /// As <c>tryFitFrom</c>, but only the parameters, and raises <c>FitFailedException</c> where they are not a fit; see <c>fit</c>.
    /// </summary>
    /// <param name="run">See <c>tryFit</c>. Precision and device are those of <c>start</c>.</param>
    /// <param name="options">How to fit.</param>
    /// <param name="network">u_θ.</param>
    /// <param name="g">The function: points (N × d) to values, N, or N × m for a network of m components.</param>
    /// <param name="collocation">Where to fit.</param>
    /// <param name="start">θ to begin with (p).</param>
    /// <returns>θ (p).</returns>
    /// <exception cref="T:Mne.Functional.FitFailedException">As <c>fit</c>.</exception>
    /// <exception cref="T:System.ArgumentException">g has another shape or is not finite, or arguments do not fit together.</exception>
    /// <exception cref="T:System.OperationCanceledException">The run was asked to stop.</exception>
    let fitFrom (run: Run) (options: RegressionOptions) (network: Network) g (collocation: Collocation) start : Tensor =
        tryFitFrom run options network g collocation start |> orRaise options

    /// <summary>
    /// As <c>tryFit</c>, but only the parameters, and raises <c>FitFailedException</c> where they are not a fit of g: where the error at
    /// points that the fit has not seen (at its own points where g has no values elsewhere) is above 5 % and above 100 times the tolerance.
    /// </summary>
    /// <param name="run">See <c>tryFit</c>.</param>
    /// <param name="options">How to fit.</param>
    /// <param name="network">u_θ.</param>
    /// <param name="g">The function: points (N × d) to values, N, or N × m for a network of m components.</param>
    /// <param name="collocation">Where to fit.</param>
    /// <returns>θ (p).</returns>
    /// <exception cref="T:Mne.Functional.FitFailedException">The fit is far from g; the message says what to do.</exception>
    /// <exception cref="T:System.ArgumentException">g has another shape or is not finite, or arguments do not fit together.</exception>
    /// <exception cref="T:System.OperationCanceledException">The run was asked to stop.</exception>
    /// <example><code>
    /// let θ = Regression.fit Run.quiet Regression.defaults network (fun x -&gt; x.squeeze(1L).sin ()) (Collocation.grid circle 128)
    /// </code></example>
    let fit (run: Run) (options: RegressionOptions) (network: Network) g (collocation: Collocation) : Tensor =
        tryFit run options network g collocation |> orRaise options

    /// <summary>
    /// As <c>tryResume</c>, but only the parameters, and raises <c>FitFailedException</c> where they are not a fit; see <c>fit</c>.
    /// </summary>
    /// <param name="run">As before. Precision and device are those of the state.</param>
    /// <param name="options">As before.</param>
    /// <param name="network">u_θ.</param>
    /// <param name="g">The function, as before.</param>
    /// <param name="collocation">Where to fit.</param>
    /// <param name="state">What <c>Checkpoint.readFit</c> gives; its tensors are taken over.</param>
    /// <returns>θ (p).</returns>
    /// <exception cref="T:Mne.Functional.FitFailedException">As <c>fit</c>.</exception>
    /// <exception cref="T:System.ArgumentException">The state is of another fit, or arguments do not fit together.</exception>
    /// <exception cref="T:System.OperationCanceledException">The run was asked to stop.</exception>
    /// <example><code>
    /// let saving = { Regression.defaults with Checkpoint = Checkpoint.everyFit (CheckpointInterval.Steps 10) "fit.h5" }
    ///
    /// let fitOrGoOn () =
    ///     if System.IO.File.Exists "fit.h5" then
    ///         Checkpoint.readFit "fit.h5" |&gt; Regression.resume Run.quiet saving network (fun x -&gt; x.squeeze(1L).sin ()) (Collocation.grid circle 128)
    ///     else
    ///         Regression.fit Run.quiet saving network (fun x -&gt; x.squeeze(1L).sin ()) (Collocation.grid circle 128)
    /// </code></example>
    let resume run options (network: Network) g (collocation: Collocation) (state: FitState) : Tensor =
        tryResume run options network g collocation state |> orRaise options

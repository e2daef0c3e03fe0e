namespace Mne.Functional

open System

/// <summary>What a group of columns is: a number, a vector or a matrix with a name.</summary>
[<Notebooks.TypeFormatterSource>]
type Quantity =
    {
        /// <summary>As people call it, such as <c>"tau"</c>.</summary>
        Name: string
        /// <summary>Empty for a number, one length for a vector, two for a matrix, whose rows follow one another.</summary>
        Shape: int list
    }

/// <summary>Weighted draws of quantities with names. They own tensors; dispose of them when they are no longer needed.</summary>
[<StructuredFormatDisplay("{Text}"); Notebooks.TypeFormatterSource>]
type NamedDraws =
    {
        /// <summary>What the columns are, in their order.</summary>
        Quantities: Quantity list
        /// <summary>A row for each draw, a column for each number in the quantities (M × k).</summary>
        Values: Tensor
        /// <summary>log w of the draws (M), up to a constant; all 0 where draws weigh the same.</summary>
        LogWeights: Tensor
    }

    /// <summary>One line that says what they are; F# Interactive shows it in place of tensors.</summary>
    member draws.Text =
        let names = draws.Quantities |> List.map _.Name |> String.concat ", "
        $"{draws.Values.shape[0]} weighted draws of {names}"

    override draws.ToString() = draws.Text

    interface IDisposable with
        member draws.Dispose() =
            draws.Values.Dispose()
            draws.LogWeights.Dispose()

/// <summary>Weighted draws of quantities with names.</summary>
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module NamedDraws =

    /// How many columns a quantity takes.
    let internal size (quantity: Quantity) = List.fold (*) 1 quantity.Shape

    let internal tensors (draws: NamedDraws) = [ draws.Values; draws.LogWeights ]

    /// Raises `ArgumentException` unless names differ and there is a column for every number of every quantity; the arguments by their names.
    let private checkAs (quantities: string, values: string, logWeights: string) (draws: NamedDraws) : unit =
        Guard.cloud values draws.Values
        Guard.vector logWeights (Tensor.rows draws.Values) draws.LogWeights
        let columns = List.sumBy size draws.Quantities

        for quantity in draws.Quantities do
            if quantity.Shape |> List.exists (fun length -> length < 1) then
                Guard.fail
                    quantities
                    $"\"{quantity.Name}\" has the shape %A{quantity.Shape}, wanted lengths of 1 or more, or none for a number"

        if columns <> int draws.Values.shape[1] then
            Guard.fail
                values
                $"found {draws.Values.shape[1]} columns, wanted {columns}, one for each number of the quantities"

        match
            draws.Quantities
            |> List.countBy _.Name
            |> List.tryFind (fun (_, count) -> count > 1)
        with
        | Some(name, count) ->
            Guard.fail quantities $"{count} quantities are called \"{name}\"; give each a name of its own"
        | None -> ()

    /// Raises `ArgumentException` unless draws are whole.
    let internal check (draws: NamedDraws) : unit =
        checkAs ("draws", "draws", "draws") draws

    /// <summary>Draws of yours. They own these tensors then.</summary>
    /// <param name="quantities">What the columns are, in their order.</param>
    /// <param name="values">A row for each draw, a column for each number in the quantities (M × k).</param>
    /// <param name="logWeights">log w of the draws (M), up to a constant; all 0 where draws weigh the same.</param>
    /// <exception cref="T:System.ArgumentException">There are not as many columns as numbers, not as many weights as rows, or two names
    /// are the same.</exception>
    /// <example><code>
    /// let values = Random.normal Placement.float64 1 [ 100; 3 ]
    /// let quantities = [ { Name = "tau"; Shape = [] }; { Name = "theta"; Shape = [ 2 ] } ]
    /// let own = NamedDraws.create quantities values (Tensor.zeros Placement.float64 [ 100 ])
    /// </code></example>
    let create (quantities: Quantity list) (values: Tensor) (logWeights: Tensor) : NamedDraws =
        let draws =
            {
                Quantities = quantities
                Values = values
                LogWeights = logWeights
            }

        checkAs (nameof quantities, nameof values, nameof logWeights) draws
        draws

    /// <summary>
    /// A label for each column, as Stan writes them: <c>tau</c> for a number, <c>theta[1]</c>, <c>theta[2]</c>, … for a
    /// vector, <c>Sigma[1,2]</c> for a matrix.
    /// </summary>
    let labels (draws: NamedDraws) : string list =
        [
            for quantity in draws.Quantities do
                let places =
                    quantity.Shape
                    |> List.fold
                        (fun places length ->
                            [
                                for place in places do
                                    for i in 1..length -> place @ [ string i ]
                            ])
                        [ [] ]

                for place in places do
                    if place.IsEmpty then
                        quantity.Name
                    else
                        let indices = String.concat "," place
                        $"{quantity.Name}[{indices}]"
        ]

    /// <summary>The draws of one quantity: (M), (M × n) or (M × n × m), by its shape.</summary>
    /// <exception cref="T:System.ArgumentException">There is none of that name.</exception>
    let values (name: string) (draws: NamedDraws) : Tensor =
        let before =
            draws.Quantities |> List.takeWhile (fun quantity -> quantity.Name <> name)

        match draws.Quantities |> List.tryItem before.Length with
        | None ->
            let known =
                draws.Quantities |> List.map (fun q -> $"\"{q.Name}\"") |> String.concat ", "

            Guard.fail "name" $"found \"{name}\", wanted one of {known}"
        | Some quantity ->
            let shape = [| draws.Values.shape[0]; yield! List.map int64 quantity.Shape |]

            Scope.keep (fun () ->
                draws.Values.narrow(1L, int64 (List.sumBy size before), int64 (size quantity)).reshape shape)

    /// <summary>
    /// Draws of coordinates without names, under these names: one for each coordinate, or none, for a vector <c>x</c>. They share
    /// points and weights with the draws, and are to be disposed of too.
    /// </summary>
    /// <param name="names">One for each coordinate, all different; or none.</param>
    /// <param name="draws">Weighted draws: points (M × d), log q (M) and log-weights (M).</param>
    /// <exception cref="T:System.ArgumentException">There are more or fewer names than coordinates, or two are the same.</exception>
    /// <example><code>
    /// let named = draws |&gt; NamedDraws.ofDraws [ "a"; "b" ]
    /// </code></example>
    let ofDraws (names: string list) (draws: Draws) : NamedDraws =
        Draws.check draws
        let d = int draws.Points.shape[1]

        if not (names.IsEmpty || names.Length = d) then
            Guard.fail "names" $"found {names.Length}, wanted {d}, one for each coordinate, or none"

        let named =
            {
                Quantities =
                    if names.IsEmpty then
                        [ { Name = "x"; Shape = [ d ] } ]
                    else
                        [ for name in names -> { Name = name; Shape = [] } ]
                Values = draws.Points.alias ()
                LogWeights = draws.LogWeights.alias ()
            }

        checkAs ("names", "draws", "draws") named
        named

    /// <summary>The draws of some quantities, in the order in which they are named. They are to be disposed of too.</summary>
    /// <param name="names">Names of quantities, each once.</param>
    /// <param name="draws">Weighted draws.</param>
    /// <exception cref="T:System.ArgumentException">There is no quantity of a name, a name comes twice, or there is none.</exception>
    /// <example><code>
    /// let one = named |&gt; NamedDraws.select [ "a" ]
    /// </code></example>
    let select (names: string list) (draws: NamedDraws) : NamedDraws =
        if names.IsEmpty then
            Guard.fail "names" "found none, wanted at least one"

        if (List.distinct names).Length < names.Length then
            Guard.fail "names" "found a name twice, wanted each once"

        Scope.keepAll tensors (fun () ->
            let parts =
                [ for name in names -> (values name draws).reshape(draws.Values.shape[0], -1L) ]

            let chosen =
                {
                    Quantities =
                        [
                            for name in names -> draws.Quantities |> List.find (fun quantity -> quantity.Name = name)
                        ]
                    Values = Tensor.concatenate 1L parts
                    LogWeights = draws.LogWeights.alias ()
                }

            check chosen
            chosen)

    /// <summary>
    /// <c>count</c> draws chosen with probabilities in proportion to the weights (systematic resampling), which weigh the same
    /// then: for programs that know no weights. Rows may repeat. They are to be disposed of too.
    /// </summary>
    /// <param name="seed">Seed of everything random here: the same seed gives the same numbers.</param>
    /// <param name="count">How many draws.</param>
    /// <param name="draws">Weighted draws.</param>
    /// <exception cref="T:System.ArgumentException">No draw has weight, or the count is not 1 or more.</exception>
    /// <example><code>
    /// let even = named |&gt; NamedDraws.resample 1 1000
    /// </code></example>
    let resample (seed: int) (count: int) (draws: NamedDraws) : NamedDraws =
        check draws

        Scope.keepAll tensors (fun () ->
            let shift = Tensor.toFloat (Random.uniform Placement.float64 seed [ 1 ])

            let chosen =
                Importance.normalised draws.LogWeights |> Resampling.systematic shift count

            { draws with
                Values = Tensor.pick chosen draws.Values
                LogWeights = Tensor.zeros (Placement.ofTensor draws.LogWeights) [ count ]
            })

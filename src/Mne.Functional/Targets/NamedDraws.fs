namespace Mne.Functional

open System

/// <summary>What a group of columns is: a number, a vector or a matrix with a name.</summary>
type Quantity =
    {
        /// <summary>As people call it, such as <c>"tau"</c>.</summary>
        Name: string
        /// <summary>Empty for a number, one length for a vector, two for a matrix, whose rows follow one another.</summary>
        Shape: int list
    }

/// <summary>Weighted draws of quantities with names. They own tensors; dispose of them when they are no longer needed.</summary>
[<StructuredFormatDisplay("{Text}")>]
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

    /// Raises `ArgumentException` unless names differ and there is a column for every number of every quantity.
    let internal check (draws: NamedDraws) : unit =
        Guard.cloud "draws" draws.Values
        Guard.vector "draws" (Tensor.rows draws.Values) draws.LogWeights
        let columns = List.sumBy size draws.Quantities

        if columns <> int draws.Values.shape[1] then
            Guard.fail
                "draws"
                $"found {draws.Values.shape[1]} columns, wanted {columns}, one for each number of the quantities"

        match
            draws.Quantities
            |> List.countBy _.Name
            |> List.tryFind (fun (_, count) -> count > 1)
        with
        | Some(name, count) ->
            Guard.fail "draws" $"{count} quantities are called \"{name}\"; give each a name of its own"
        | None -> ()

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

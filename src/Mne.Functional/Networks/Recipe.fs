namespace Mne.Functional

/// <summary>
/// How a network was made: enough to make it again (<c>Network.ofRecipe</c>), unless it is a function of the caller's.
/// </summary>
[<RequireQualifiedAccess; Notebooks.TypeFormatterSource>]
type NetworkRecipe =
    /// <summary>Layers on a domain: <c>Network.create</c>.</summary>
    | Layers of Domain * Layer list
    /// <summary>Layers with weights shared between blocks of coordinates: <c>Network.ofBlocks</c>.</summary>
    | Blocks of Domain * blocks: int list list * Layer list
    /// <summary>A network of shifted and scaled coordinates: <c>Network.rescaled</c>.</summary>
    | Rescaled of shift: float list * scale: float list * NetworkRecipe
    /// <summary>
    /// A network and its mirror image, added or subtracted: <c>Network.even</c> and <c>Network.odd</c>.
    /// </summary>
    | Mirrored of sign: float * axes: int list * NetworkRecipe
    /// <summary>The sum of networks: <c>Network.add</c>.</summary>
    | Sum of NetworkRecipe list
    /// <summary>One component of a network: <c>Network.ofComponent</c>.</summary>
    | Component of index: int * NetworkRecipe
    /// <summary>
    /// A network with prescribed values on a boundary, data(x) + distance(x) w(x): <c>Network.dirichlet</c>, whose
    /// functions only the program that made it knows.
    /// </summary>
    | Prescribed of NetworkRecipe
    /// <summary>
    /// Something that only the program that made it knows: <c>Network.ofFunction</c>, or functions of a network
    /// replaced.
    /// </summary>
    | Function of Domain * parameters: int

    /// The layered networks and functions that it is composed of.
    member internal recipe.Parts: NetworkRecipe list =
        match recipe with
        | Layers _
        | Blocks _
        | Prescribed _
        | Function _ -> [ recipe ]
        | Rescaled(_, _, inner)
        | Mirrored(_, _, inner)
        | Component(_, inner) -> inner.Parts
        | Sum parts -> parts |> List.collect _.Parts

    /// <summary>One line that says what the network is.</summary>
    override recipe.ToString() =
        match recipe with
        | Layers(domain, layers) -> $"%A{layers} on %A{domain.Coordinates}"
        | Blocks(_, blocks, layers) -> $"Σ over %A{blocks} of %A{layers}"
        | Rescaled(shift, scale, inner) -> $"{inner} of (x − %A{shift}) / %A{scale}"
        | Mirrored(sign, axes, inner) ->
            let parity = if sign > 0.0 then "even" else "odd"
            $"{inner}, {parity} in the coordinates %A{axes} together"
        | Sum parts -> parts |> List.map string |> String.concat " + "
        | Component(index, whole) -> $"component {index} of {whole}"
        | Prescribed inner -> $"{inner}, with prescribed values on a boundary"
        | Function(domain, parameters) -> $"a function of {parameters} parameters on %A{domain.Coordinates}"

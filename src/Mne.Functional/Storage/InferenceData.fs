namespace Mne.Functional

open System
open System.Globalization
open System.Reflection
open System.Runtime.ExceptionServices
open System.Text.RegularExpressions
open PureHDF

/// <summary>
/// What ArviZ calls InferenceData: draws of a posterior with what belongs to them. Numbers beside the draws go by the names of data, such as <c>"y"</c>. Tensors
/// stay the caller's.
/// </summary>
type InferenceData =
    {
        /// <summary>Weighted draws of the posterior (M).</summary>
        Posterior: NamedDraws
        /// <summary>log p(yᵢ | θ) of each observation at each draw (M × shape of the observations).</summary>
        LogLikelihood: (string * Tensor) list
        /// <summary>Data that the model made (R × shape of the observations), as by <c>Predictive.draw</c>.</summary>
        PosteriorPredictive: (string * Tensor) list
        /// <summary>What was observed, in any shape.</summary>
        ObservedData: (string * Tensor) list
    }

/// <summary>Files for ArviZ and xarray (netCDF-4).</summary>
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module InferenceData =

    /// <summary>Draws alone; give the other fields by <c>{ data with … }</c>.</summary>
    /// <example><code>
    /// let y = Random.normal Placement.float64 2 [ 10 ]
    /// let data =
    ///     { InferenceData.ofDraws named with
    ///         ObservedData = [ ("y", y) ]
    ///     }
    /// </code></example>
    let ofDraws (draws: NamedDraws) : InferenceData =
        {
            Posterior = draws
            LogLikelihood = []
            PosteriorPredictive = []
            ObservedData = []
        }

    /// Dimension scales are known by an attribute of 16 bytes, and PureHDF gives all text of a file the same length.
    let private textLength = 16

    /// A dimension with the coordinates 0, 1, …
    let private scale (name: string) (length: int64) : H5Dataset =
        let dataset = H5Dataset([| 0L .. length - 1L |], fileDims = [| uint64 length |])
        dataset.Attributes["CLASS"] <- "DIMENSION_SCALE"

        dataset.Attributes["NAME"] <-
            if name.Length < textLength && Seq.forall Char.IsAscii name then
                name
            else
                "dimension"

        dataset

    /// A group of variables, each with the names of its first dimensions; further ones are called after it.
    let private group (variables: (string * string list * Tensor) list) : H5Group =
        let group = H5Group()
        let scales = Collections.Generic.Dictionary<string, H5Dataset>()

        let dimension (name: string) (length: int64) =
            match scales.TryGetValue name with
            | true, found -> found
            | _ ->
                let made = scale name length
                scales[name] <- made
                group[name] <- made
                made

        for name, leading, values in variables do
            let shape = values.shape

            let names =
                [
                    yield! leading
                    for k in leading.Length .. shape.Length - 1 do
                        $"{name}_dim_{k - leading.Length}"
                ]

            let dataset =
                Scope.free (fun () -> Tensor.place Placement.float64 values |> Hdf5.tensor) :?> H5Dataset

            dataset.Attributes["DIMENSION_LIST"] <-
                [|
                    for k in 0 .. shape.Length - 1 -> [| H5ObjectReference(dimension names[k] shape[k]) |]
                |]

            group[name] <- dataset

        group.Attributes["created_at"] <- DateTime.UtcNow.ToString("yyyyMMddTHHmmss", CultureInfo.InvariantCulture)
        group.Attributes["inference_library"] <- "Mne.Functional"
        group

    let private checkNames (field: string) (names: string list) =
        for name in names do
            if
                String.IsNullOrWhiteSpace name
                || name.Contains '/'
                || name.Contains '\000'
                || List.contains name [ "chain"; "draw"; "." ]
                || Regex.IsMatch(name, @"_dim_\d+$")
            then
                Guard.fail
                    field
                    $"found the name \"{name}\", which a variable of a netCDF file cannot have; wanted one without a slash that is not chain, draw or that of a dimension, such as y_dim_0"

        if (List.distinct names).Length < names.Length then
            Guard.fail field "found a name twice, wanted each once"

    let private check (data: InferenceData) =
        NamedDraws.check data.Posterior
        let m = Tensor.rows data.Posterior.Values
        checkNames "Posterior" (data.Posterior.Quantities |> List.map _.Name)

        for field, variables, least in
            [
                "LogLikelihood", data.LogLikelihood, 1L
                "PosteriorPredictive", data.PosteriorPredictive, 1L
                "ObservedData", data.ObservedData, 0L
            ] do
            checkNames field (List.map fst variables)

            for name, values in variables do
                Guard.numbers field values

                if values.dim () < least || values.numel () = 0L then
                    Guard.fail
                        field
                        $"\"{name}\" has the shape {Guard.shapeName values.shape}, wanted a row for each draw"

        for name, values in data.LogLikelihood do
            if int values.shape[0] <> m then
                Guard.fail "LogLikelihood" $"\"{name}\" has {values.shape[0]} rows, wanted one for each of {m} draws"

        match data.PosteriorPredictive |> List.distinctBy (fun (_, values) -> values.shape[0]) with
        | (one, a) :: (other, b) :: _ ->
            Guard.fail
                "PosteriorPredictive"
                $"\"{one}\" has {a.shape[0]} rows and \"{other}\" {b.shape[0]}; wanted as many of each"
        | _ -> ()

    /// <summary>
    /// Writes a netCDF-4 file with the groups posterior, log_likelihood, posterior_predictive and observed_data of ArviZ's schema, as far as there is something
    /// for them, and gives its full path: <c>arviz.from_netcdf(path)</c> or <c>xarray.open_dataset(path, group="posterior")</c>. ArviZ knows no weights: draws
    /// whose weights differ are resampled in proportion to them (as many as there were, in the order of the draws, so that ArviZ sees copies side by side as
    /// what they are, correlated draws), and their log-likelihoods with them. There is one chain. A file of that name is replaced whole or not at all.
    /// </summary>
    /// <param name="path">Path of the file, relative to the present folder or absolute.</param>
    /// <param name="seed">Seed of the resampling: the same seed gives the same numbers.</param>
    /// <param name="data">Draws and what belongs to them.</param>
    /// <exception cref="T:System.ArgumentException">Names are no names of variables, shapes do not fit, no draw has weight, or the path is empty.</exception>
    /// <example><code>InferenceData.ofDraws named |&gt; InferenceData.save "output/posterior.nc" 1</code></example>
    let save (path: string) (seed: int) (data: InferenceData) : string =
        check data

        Scope.free (fun () ->
            let weights = Importance.normalised data.Posterior.LogWeights

            let even (rows: Tensor) =
                if Array.min weights = Array.max weights then
                    rows
                else
                    let shift = Tensor.toFloat (Random.uniform Placement.float64 seed [ 1 ])
                    rows |> Tensor.pick (Resampling.systematic shift weights.Length weights)

            let drawn (name: string) (rows: Tensor) =
                name, [ "chain"; "draw" ], rows.unsqueeze 0L

            let groups =
                [
                    "posterior",
                    [
                        for quantity in data.Posterior.Quantities do
                            drawn quantity.Name (even (NamedDraws.values quantity.Name data.Posterior))
                    ]
                    "log_likelihood", [ for name, rows in data.LogLikelihood -> drawn name (even rows) ]
                    "posterior_predictive", [ for name, rows in data.PosteriorPredictive -> drawn name rows ]
                    "observed_data", [ for name, values in data.ObservedData -> name, [], values ]
                ]

            let file = H5File()

            for name, variables in groups do
                if not variables.IsEmpty then
                    file[name] <- group variables

            WholeFile.write path (fun stream ->
                try
                    file.Write(stream, H5WriteOptions(DefaultStringLength = textLength))
                with :? TargetInvocationException as error ->
                    // PureHDF writes by reflection: what the disk said is inside.
                    error.GetBaseException() |> ExceptionDispatchInfo.Throw))

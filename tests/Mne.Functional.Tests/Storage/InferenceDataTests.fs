module Mne.Functional.Tests.InferenceDataTests

open System
open System.Diagnostics
open System.IO
open Expecto
open PureHDF
open PureHDF.VOL.Native
open Mne.Functional
open Mne.Functional.Tests
open Mne.Functional.Tests.Files

let private draws (logWeights: float list) =
    NamedDraws.create
        [
            { Name = "tau"; Shape = [] }
            { Name = "θ"; Shape = [ 2 ] }
            {
                Name = "a_matrix_with_a_long_name"
                Shape = [ 2; 3 ]
            }
        ]
        (Check.normal 1 [ logWeights.Length; 9 ])
        (Tensor.ofArray Placement.float64 (Array.ofList logWeights))

let private whole (draws: NamedDraws) : InferenceData =
    {
        Posterior = draws
        LogLikelihood = [ "y", Check.normal 2 [ Tensor.rows draws.Values; 3 ] ]
        PosteriorPredictive = [ "y", Tensor.place Placement.float32 (Check.normal 3 [ 11; 3 ]) ]
        ObservedData = [ "y", Check.normal 4 [ 3 ]; "n", Tensor.scalar Placement.float64 7.0 ]
    }

let private read (path: string) (take: NativeFile -> unit) =
    use file = H5File.OpenRead path
    take file

/// The names of the dimensions of a variable.
let private dimensions (file: NativeFile) (dataset: IH5Dataset) =
    [
        for scale in dataset.Attribute("DIMENSION_LIST").Read<NativeObjectReference1[][]>() -> file.Get(scale[0]).Name
    ]

/// Python with xarray and one of the libraries below it; none where they are not there.
let private python =
    lazy
        ([ "/usr/bin/python3"; "python3" ]
         |> List.tryFind (fun path ->
             try
                 let start =
                     ProcessStartInfo(path, [ "-c"; "import xarray, h5netcdf" ], RedirectStandardError = true)

                 use running = nonNull (Process.Start start)
                 running.WaitForExit()
                 running.ExitCode = 0
             with :? ComponentModel.Win32Exception ->
                 false))

let private script =
    """
import sys, xarray
for engine in ("h5netcdf", "netcdf4"):
    try:
        __import__("netCDF4" if engine == "netcdf4" else engine)
    except ImportError:
        continue
    posterior = xarray.open_dataset(sys.argv[1], group="posterior", engine=engine)
    assert list(posterior.dims) and posterior.tau.dims == ("chain", "draw"), posterior
    assert posterior["θ"].dims == ("chain", "draw", "θ_dim_0")
    assert posterior.a_matrix_with_a_long_name.shape == (1, 5, 2, 3)
    assert posterior.attrs["inference_library"] == "Mne.Functional"
    assert list(posterior.draw.values) == [0, 1, 2, 3, 4]
    likelihood = xarray.open_dataset(sys.argv[1], group="log_likelihood", engine=engine)
    assert likelihood.y.dims == ("chain", "draw", "y_dim_0")
    made = xarray.open_dataset(sys.argv[1], group="posterior_predictive", engine=engine)
    assert made.y.shape == (1, 11, 3)
    observed = xarray.open_dataset(sys.argv[1], group="observed_data", engine=engine)
    assert observed.y.dims == ("y_dim_0",) and float(observed.n) == 7.0
print(" ".join(repr(float(v)) for v in posterior["θ"].values.ravel()))
"""

[<Tests>]
let tests =
    testList
        "InferenceData"
        [
            Check.scoped "groups of variables, chain by draw by shape, with a scale for each dimension"
            <| fun () ->
                withFile (fun path ->
                    let data = whole (draws [ 0.0; 0.0; 0.0; 0.0; 0.0 ])
                    InferenceData.save path 1 data |> ignore

                    read path (fun file ->
                        Expect.equal
                            [ for child in file.Children() -> child.Name ]
                            [ "posterior"; "log_likelihood"; "posterior_predictive"; "observed_data" ]
                            "groups"

                        let posterior = file.Group "posterior"
                        let theta = posterior.Dataset "θ"
                        Expect.equal theta.Space.Dimensions [| 1UL; 5UL; 2UL |] "shape"

                        Expect.equal
                            (theta.Read<float[]>())
                            (Tensor.toArray (NamedDraws.values "θ" data.Posterior))
                            "equal weights leave draws as they are"

                        Expect.equal
                            (dimensions file theta)
                            [ "chain"; "draw"; "θ_dim_0" ]
                            "a scale for each dimension"

                        for name, length in
                            [ "chain", 1; "draw", 5; "θ_dim_0", 2; "a_matrix_with_a_long_name_dim_1", 3 ] do
                            let scale = posterior.Dataset name
                            Expect.equal (scale.Attribute("CLASS").Read<string>()) "DIMENSION_SCALE" name
                            Expect.equal (scale.Attribute("CLASS").Type.Size) 16 "as HDF5 looks for it"

                            Expect.equal
                                (scale.Read<int64[]>())
                                [| 0L .. int64 length - 1L |]
                                $"coordinates of {name}"

                        Expect.equal
                            ((file.Group "observed_data").Dataset("y").Read<float[]>())
                            (Tensor.toArray (snd data.ObservedData.Head))
                            "observations"))

            Check.scoped "draws whose weights differ come in proportion to them, and their likelihoods with them"
            <| fun () ->
                withFile (fun path ->
                    let data = whole (draws [ 0.0; -infinity; log 2.0; -infinity; log 2.0 ])
                    InferenceData.save path 1 data |> ignore

                    read path (fun file ->
                        let tau = (file.Group "posterior").Dataset("tau").Read<float[]>()
                        let all = Tensor.toArray (NamedDraws.values "tau" data.Posterior)

                        let which = tau |> Array.map (fun v -> Array.findIndex ((=) v) all)

                        Expect.equal which (Array.sort which) "in their order"
                        Expect.equal (which |> Array.countBy id) [| 0, 1; 2, 2; 4, 2 |] "in proportion"
                        let likelihood = (file.Group "log_likelihood").Dataset("y").Read<float[]>()
                        let rows = Tensor.toArray2D (snd data.LogLikelihood.Head)

                        Expect.equal
                            likelihood
                            [|
                                for i in which do
                                    yield! rows[i, *]
                            |]
                            "likelihoods"))

            Check.scoped "xarray reads it by h5netcdf and by netCDF4"
            <| fun () ->
                match python.Value with
                | None -> skiptest "no python3 with xarray and h5netcdf (Debian: python3-xarray, python3-h5netcdf)"
                | Some python ->
                    withFile (fun path ->
                        let data = whole (draws [ 0.0; 0.0; 0.0; 0.0; 0.0 ])
                        InferenceData.save path 1 data |> ignore

                        let start =
                            ProcessStartInfo(
                                python,
                                [ "-c"; script; path ],
                                RedirectStandardOutput = true,
                                RedirectStandardError = true
                            )

                        use running = nonNull (Process.Start start)
                        let said = running.StandardOutput.ReadToEnd()
                        let errors = running.StandardError.ReadToEnd()
                        running.WaitForExit()
                        Expect.equal running.ExitCode 0 errors

                        Expect.equal
                            [|
                                for number in said.Trim().Split ' ' ->
                                    Double.Parse(number, Globalization.CultureInfo.InvariantCulture)
                            |]
                            (Tensor.toArray (NamedDraws.values "θ" data.Posterior))
                            "the same bits")

            Check.scoped "what a file cannot hold is refused"
            <| fun () ->
                let data = whole (draws [ 0.0; 0.0; 0.0 ])

                let refused parts (data: InferenceData) =
                    withFile (fun path ->
                        Check.refuses parts (fun () -> InferenceData.save path 1 data |> ignore)
                        Expect.isFalse (File.Exists path) "no file")

                let named name =
                    { data with
                        Posterior.Quantities = { Name = name; Shape = [] } :: data.Posterior.Quantities.Tail
                    }

                for name in [ "draw"; "a/b"; ""; "y_dim_0" ] do
                    refused [ "Posterior"; $"\"{name}\"" ] (named name)

                refused
                    [ "LogLikelihood"; "2 rows"; "3 draws" ]
                    { data with
                        LogLikelihood = [ "y", Check.normal 1 [ 2; 3 ] ]
                    }

                refused
                    [ "PosteriorPredictive"; "as many of each" ]
                    { data with
                        PosteriorPredictive = [ "y", Check.normal 1 [ 2; 3 ]; "z", Check.normal 1 [ 3; 3 ] ]
                    }

                refused
                    [ "ObservedData"; "twice" ]
                    { data with
                        ObservedData = data.ObservedData @ data.ObservedData
                    }

            Check.scoped "draws with names as text: labels, in quotes where they have commas, and numbers to the bit"
            <| fun () ->
                withFile (fun path ->
                    let named = draws [ 0.0; -infinity; 0.5 ]
                    let lines = File.ReadAllLines(Export.namedCsv path named)

                    Expect.equal
                        lines[0]
                        ("tau,θ[1],θ[2],"
                         + String.concat
                             ","
                             [
                                 for i in 1..2 do
                                     for j in 1..3 -> $"\"a_matrix_with_a_long_name[{i},{j}]\""
                             ]
                         + ",logWeight")
                        "labels"

                    let values = Tensor.toArray2D named.Values

                    for i in 0..2 do
                        let numbers =
                            lines[i + 1].Split ','
                            |> Array.map (fun entry -> Double.Parse(entry, Globalization.CultureInfo.InvariantCulture))

                        Expect.equal numbers[..8] values[i, *] "numbers"
                        let logWeights = Tensor.toArray named.LogWeights
                        Expect.equal numbers[9] logWeights[i] "log-weight")

            test "nothing is left behind" {
                Assert.frees (fun () ->
                    withFile (fun path ->
                        use draws = draws [ 0.0; 1.0; 0.5 ]
                        InferenceData.ofDraws draws |> InferenceData.save path 1 |> ignore))
            }
        ]

// Posteriors of posteriordb (https://github.com/stan-dev/posteriordb) as energies on the unconstrained scale, with the reference draws of
// that database. Data and draws are read from the folder that holds `posterior_database`; the formulas are written anew from the models.
// Loaded by "suite.fsx", and by "posteriors-check.fsx", which verifies the formulas at the reference draws.
module Posteriors

#load "suite/models.fsx"

open System
open System.IO
open System.IO.Compression
open System.Text.Json
open Mne.Functional
open Families
open Regressions
open Models

/// A posterior, and reference draws of its parameters.
type Reference =
    {
        Name: string
        /// On ℝ^d.
        Density: Density
        /// The columns of the parameters in their own units.
        Names: string list
        /// ℝ^d (N × d) ↦ the parameters (N × names).
        Constrained: Tensor -> Tensor
        /// The parameters ↦ ℝ^d.
        Unconstrained: Tensor -> Tensor
        /// Reference draws of the parameters (M × names).
        Draws: Tensor
        /// log Z of the energy, where an integral over σ is all that is left.
        LogNormaliser: float option
    }

/// Name of the posterior, name of its data, and its model.
let private entries: (string * string * (Data -> Model)) list =
    [
        "arK-arK", "arK", autoregression
        "arma-arma11", "arma", arma
        "bball_drive_event_0-hmm_drive_0", "bball_drive_event_0", hmmDrive
        "diamonds-diamonds", "diamonds", diamonds
        "earnings-earn_height", "earnings", earnings id
        "earnings-log10earn_height", "earnings", earnings (Array.map log10)
        "earnings-logearn_height", "earnings", earnings logs
        "earnings-logearn_interaction", "earnings", earningsInteraction
        "eight_schools-eight_schools_noncentered", "eight_schools", eightSchools
        "gp_pois_regr-gp_regr", "gp_pois_regr", gaussianProcess
        "hmm_example-hmm_example", "hmm_example", hmmExample
        "hudson_lynx_hare-lotka_volterra", "hudson_lynx_hare", lotkaVolterra
        "kidiq-kidscore_interaction", "kidiq", kidscore [ "mom_hs"; "mom_iq" ] true
        "kidiq-kidscore_momhs", "kidiq", kidscore [ "mom_hs" ] false
        "kidiq-kidscore_momhsiq", "kidiq", kidscore [ "mom_hs"; "mom_iq" ] false
        "kidiq-kidscore_momiq", "kidiq", kidscore [ "mom_iq" ] false
        "kidiq_with_mom_work-kidscore_mom_work", "kidiq_with_mom_work", kidscoreWork
        "kilpisjarvi_mod-kilpisjarvi", "kilpisjarvi_mod", kilpisjarvi
        "low_dim_gauss_mix-low_dim_gauss_mix", "low_dim_gauss_mix", gaussMix
        "mesquite-logmesquite", "mesquite", mesquite logs
        "mesquite-logmesquite_logvas", "mesquite", mesquiteVolumes
        "mesquite-mesquite", "mesquite", mesquite id
        "nes1972-nes", "nes1972", nes
        "nes1980-nes", "nes1980", nes
        "nes2000-nes", "nes2000", nes
        "sblrc-blr", "sblrc", blr
    ]

/// What is in a zip with one file of JSON.
let private readZip (path: string) : JsonDocument =
    use archive = ZipFile.OpenRead path
    use content = archive.Entries[0].Open()
    JsonDocument.Parse content

/// Names and columns (M × names) of the reference draws, chain after chain.
let private readDraws (path: string) : string list * Tensor =
    use document = readZip path
    let chains = [ for chain in document.RootElement.EnumerateArray() -> chain ]
    let names = [ for entry in chains.Head.EnumerateObject() -> entry.Name ]

    let columns =
        names
        |> List.map (fun name -> chains |> List.map (numbers name) |> Array.concat)

    names, matrix (Array2D.init columns.Head.Length names.Length (fun i j -> columns[j][i]))

let private reference (folder: string) (name: string, data: string, make: Data -> Model) : Reference =
    let path (parts: string list) =
        Path.Combine(Array.ofList (folder :: "posterior_database" :: parts))

    use document = readZip (path [ "data"; "data"; $"{data}.json.zip" ])
    let model = make document.RootElement

    let names, draws =
        readDraws (path [ "reference_posteriors"; "draws"; "draws"; $"{name}.json.zip" ])

    let coordinates, parameters = model.Parameters |> List.map _.Sizes |> List.unzip

    let constrained y =
        List.map2 constrain model.Parameters (split coordinates y)

    {
        Name = name
        Density =
            density (List.sum coordinates) (fun y ->
                let pieces, jacobians = List.unzip (constrained y)

                let logs =
                    (model.LogDensity pieces, jacobians) ||> List.fold (fun sum j -> sum .+ j)
                // What is no number has no density.
                (-logs).nan_to_num(nan = infinity, posinf = infinity, neginf = -infinity))
        Names = names
        Constrained = fun y -> Scope.keep (fun () -> constrained y |> List.map fst |> model.Shown |> beside)
        Unconstrained =
            fun x ->
                Scope.keep (fun () ->
                    split parameters x
                    |> model.Hidden
                    |> List.map2 unconstrain model.Parameters
                    |> beside)
        Draws = draws
        LogNormaliser = model.Evidence
    }

/// The posteriors whose names contain the text, from the folder that holds `posterior_database`; each is read when it is asked for.
let posteriors (folder: string) (part: string) : (string * (unit -> Reference)) list =
    [
        for name, data, make in entries do
            if name.Contains(part, StringComparison.OrdinalIgnoreCase) then
                name, fun () -> reference folder (name, data, make)
    ]

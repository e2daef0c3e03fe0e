// Posteriors of posteriordb (https://github.com/stan-dev/posteriordb) as models, with the reference draws of that database. Data and draws are
// read from the folder that holds `posterior_database`; the formulas are written anew from the models. To add one, write its model in
// "suite/models.fsx", a function of its data, and name it in the list below. Loaded by "posteriordb.fsx" and "suite.fsx", which sample them, and by
// "posteriors-check.fsx", which verifies the formulas at the reference draws.
module Posteriors

#load "suite/models.fsx"

open System
open System.IO
open System.IO.Compression
open System.Text.Json
open TorchSharp
open Mne.Functional
open Families
open Regressions
open Models

/// The columns of draws that have the labels, in their order.
let columnsOf (labels: string list) (draws: NamedDraws) : Tensor =
    let own = NamedDraws.labels draws
    draws.Values.index_select (1L, torch.tensor [| for label in labels -> int64 (List.findIndex ((=) label) own) |])

/// A posterior, and reference draws of its parameters.
type Reference =
    {
        Name: string
        Model: Model
        /// Reference draws, as they are published.
        Published: NamedDraws
        /// The same with all parameters of the model.
        Hidden: NamedDraws
        /// log Z, where an integral over σ is all that is left.
        LogNormaliser: float option
    }

    member reference.Density = Model.density reference.Model

    /// Points of ℝ^d ↦ what is published of them.
    member reference.Shown(points: Tensor) : Tensor =
        Scope.keep (fun () ->
            reference.Model
            |> Model.constrained points
            |> columnsOf (NamedDraws.labels reference.Published))

/// Name of the posterior, name of its data, and its model.
let private entries: (string * string * (Data -> Entry)) list =
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
        "hudson_lynx_hare-lotka_volterra", "hudson_lynx_hare", lotkaVolterra 6
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
let private readZip (path: string) : string =
    use archive = ZipFile.OpenRead path
    use content = new StreamReader(archive.Entries[0].Open())
    content.ReadToEnd()

/// The quantities behind labels such as theta[1], theta[2], which follow one another.
let private quantities (labels: string list) : Quantity list =
    let indices (label: string) =
        match label.Split '[' with
        | [| name; inside |] -> name, [ for i in inside.TrimEnd(']').Split ',' -> int i ]
        | _ -> label, []

    [
        for name, entries in labels |> List.map indices |> List.groupBy fst ->
            {
                Name = name
                Shape = snd (List.last entries)
            }
    ]

/// The reference draws, chain after chain.
let private readDraws (path: string) : NamedDraws =
    use document = JsonDocument.Parse(readZip path)
    let chains = [ for chain in document.RootElement.EnumerateArray() -> chain ]
    let labels = [ for entry in chains.Head.EnumerateObject() -> entry.Name ]

    let columns =
        labels
        |> List.map (fun label ->
            chains
            |> List.map (fun chain -> [| for v in chain.GetProperty(label).EnumerateArray() -> v.GetDouble() |])
            |> Array.concat)

    let values =
        matrix (Array2D.init columns.Head.Length labels.Length (fun i j -> columns[j][i]))

    {
        Quantities = quantities labels
        Values = values
        LogWeights = vector (Array.zeroCreate columns.Head.Length)
    }

let private reference (folder: string) (name: string, data: string, make: Data -> Entry) : Reference =
    let path (parts: string list) =
        Path.Combine(Array.ofList (folder :: "posterior_database" :: parts))

    let entry =
        make (Data.ofJson (readZip (path [ "data"; "data"; $"{data}.json.zip" ])))

    let published =
        readDraws (path [ "reference_posteriors"; "draws"; "draws"; $"{name}.json.zip" ])

    {
        Name = name
        Model = entry.Model
        Published = published
        Hidden = entry.Hidden published
        LogNormaliser = entry.Evidence
    }

/// The posteriors whose names contain the text, from the folder that holds `posterior_database`; each is read when it is asked for.
let posteriors (folder: string) (part: string) : (string * (unit -> Reference)) list =
    [
        for name, data, make in entries do
            if name.Contains(part, StringComparison.OrdinalIgnoreCase) then
                name, fun () -> reference folder (name, data, make)
    ]

/// Those that the words of a command line name: the folder, then parts of names, or none for all of them.
let named (words: string list) : (string * (unit -> Reference)) list =
    match words with
    | [] ->
        failwith "Give the folder that holds posterior_database, of a clone of https://github.com/stan-dev/posteriordb."
    | [ folder ] -> posteriors folder ""
    | folder :: parts ->
        [
            for part in parts do
                match posteriors folder part with
                | [] ->
                    let known = posteriors folder "" |> List.map fst |> String.concat ", "

                    failwith
                        $"Found \"{part}\", wanted a part of one of these names, for which there is a model: {known}."
                | found -> yield! found
        ]
        |> List.distinctBy fst

module Mne.Functional.Tests.ArrowTests

open System
open System.Diagnostics
open System.Globalization
open System.IO
open Expecto
open Apache.Arrow.Ipc
open Apache.Arrow.Types
open Mne.Functional
open Mne.Functional.Tests
open Mne.Functional.Tests.Files

let private named =
    NamedDraws.create
        [
            { Name = "tau"; Shape = [] }
            { Name = "θ"; Shape = [ 2 ] }
            { Name = "Sigma"; Shape = [ 2; 2 ] }
        ]
        (Check.normal 1 [ 40; 7 ])
        (Check.normal 2 [ 40 ])

/// The columns under their names, the metadata, and the rows of each batch, by Arrow's own reader.
let private read (path: string) =
    use stream = File.OpenRead path
    use reader = new ArrowFileReader(stream)

    let batches =
        List.unfold (fun () -> reader.ReadNextRecordBatch() |> Option.ofObj |> Option.map (fun b -> b, ())) ()

    let schema = reader.Schema

    let columns =
        [
            for k, field in Seq.indexed schema.FieldsList do
                Expect.equal field.DataType.TypeId ArrowTypeId.Double field.Name
                Expect.isFalse field.IsNullable field.Name

                field.Name,
                [|
                    for batch in batches do
                        let part = batch.Column k :?> Apache.Arrow.DoubleArray
                        Expect.equal part.NullCount 0 field.Name
                        yield! part.Values.ToArray()
                |]
        ]

    let rows = batches |> List.map _.Length

    for batch in batches do
        batch.Dispose()

    columns, Map [ for pair in schema.Metadata -> pair.Key, pair.Value ], rows

/// The columns of comma-separated text, whose names have no line breaks.
let private csv (path: string) =
    let lines = File.ReadAllLines path

    let numbers =
        [|
            for line in lines[1..] ->
                line.Split ','
                |> Array.map (fun entry -> Double.Parse(entry, CultureInfo.InvariantCulture))
        |]

    lines[0],
    [
        for k in 0 .. numbers[0].Length - 1 -> numbers |> Array.map (fun row -> row[k])
    ]

/// Bits, since NaN is not equal to itself.
let private bits (columns: float[] list) =
    columns |> List.map (Array.map BitConverter.DoubleToInt64Bits)

/// Node with a reader of Arrow files that is none of ours: polars, or Arrow's in JavaScript.
let private reads (package: string) =
    try
        let start =
            ProcessStartInfo("node", [ "-e"; $"require('{package}')" ], RedirectStandardError = true)

        use running = nonNull (Process.Start start)
        running.StandardError.ReadToEnd() |> ignore
        running.WaitForExit()
        running.ExitCode = 0
    with :? ComponentModel.Win32Exception ->
        false

let private readers =
    [
        "nodejs-polars",
        """
const polars = require("nodejs-polars");
const table = polars.readIPC(require("fs").readFileSync(process.argv[1]));
const names = table.columns, column = name => table.getColumn(name).toArray();
"""
        "apache-arrow",
        """
const arrow = require("apache-arrow");
const table = arrow.tableFromIPC(require("fs").readFileSync(process.argv[1]));
const names = table.schema.fields.map(f => f.name), column = name => Array.from(table.getChild(name));
if (!table.schema.metadata.get("library").startsWith("Mne.Functional 0.")) throw "metadata";
"""
    ]

/// A line for each column: its name, then its numbers.
let private prints =
    """
for (const name of names) console.log([name, ...column(name).map(v => Object.is(v, -0) ? "-0" : String(v))].join("|"));
"""

[<Tests>]
let tests =
    testList
        "Arrow"
        [
            Check.scoped "files have the columns of comma-separated text, under the same names and to the same bits"
            <| fun () ->
                withFile (fun path ->
                    use solution =
                        Evolution.solve Run.quiet options equation network points (start ()) (0.0, 0.1)

                    let drawn =
                        {
                            Points = Check.normal 1 [ 30; 2 ]
                            LogProposal = Check.normal 2 [ 30 ]
                            LogWeights = Check.normal 3 [ 30 ]
                        }

                    let times = [ 0.0; 0.05; 0.1 ]

                    for names, rows, asText, asArrow in
                        [
                            "x0,x1,logProposal,logWeight",
                            30,
                            (fun path -> Export.csv path drawn),
                            fun path -> Export.arrow path drawn
                            "tau,θ[1],θ[2],\"Sigma[1,1]\",\"Sigma[1,2]\",\"Sigma[2,1]\",\"Sigma[2,2]\",logWeight",
                            40,
                            (fun path -> Export.namedCsv path named),
                            fun path -> Export.namedArrow path named
                            "t,x0,u",
                            150,
                            (fun path -> Export.solutionCsv path times probe solution),
                            fun path -> Export.solutionArrow path times probe solution
                        ] do
                        let head, expected = csv (asText (path + ".csv"))
                        let written = asArrow path
                        Expect.equal written (Path.GetFullPath path) "path"
                        let columns, metadata, batches = read written
                        Expect.equal head names "names of the text"

                        Expect.equal
                            (columns |> List.map fst |> String.concat ",")
                            (names.Replace("\"", ""))
                            "names of the columns"

                        Expect.equal (bits (List.map snd columns)) (bits expected) "numbers"
                        Expect.equal batches [ rows ] "rows"
                        Expect.equal (metadata.Keys |> List.ofSeq) [ "library" ] "metadata"
                        Expect.stringStarts metadata["library"] "Mne.Functional 0." "library")

            Check.scoped "files keep numbers that are not finite, and -0"
            <| fun () ->
                withFile (fun path ->
                    let odd = [| nan; infinity; -infinity; -0.0; 5e-324; Double.MaxValue |]
                    let column = Tensor.ofArray Placement.float64 odd

                    NamedDraws.create [ { Name = "a"; Shape = [] } ] (column.unsqueeze 1L) (Check.normal 1 [ 6 ])
                    |> Export.namedArrow path
                    |> ignore

                    let columns, _, _ = read path
                    Expect.equal (bits [ snd columns.Head ]) (bits [ odd ]) "bits")

            Check.scoped "files of many rows come in batches of at most 8 MB, in order"
            <| fun () ->
                withFile (fun path ->
                    let rows = 1_200_000

                    let count = Tensor.ofArray Placement.float64 (Array.init rows float)

                    NamedDraws.create [ { Name = "a"; Shape = [] } ] (count.unsqueeze 1L) (count.neg ())
                    |> Export.namedArrow path
                    |> ignore

                    let columns, _, batches = read path
                    Expect.equal (List.sum batches) rows "rows"
                    Expect.isTrue (batches |> List.forall (fun rows -> rows * 2 * 8 <= (8 <<< 20))) $"%A{batches}"
                    Expect.equal (snd columns[0]) (Array.init rows float) "values"
                    Expect.equal (snd columns[1]) (Array.init rows (fun i -> -(float i))) "weights")

            for package, script in readers do
                Check.scoped $"files are read by {package}"
                <| fun () ->
                    if not (reads package) then
                        skiptest $"no node with {package} (npm install {package}, and NODE_PATH where that is)"
                    else
                        withFile (fun path ->
                            let path = Export.namedArrow path named

                            let start =
                                ProcessStartInfo(
                                    "node",
                                    [ "-e"; script + prints; path ],
                                    RedirectStandardOutput = true,
                                    RedirectStandardError = true
                                )

                            use running = nonNull (Process.Start start)
                            let said = running.StandardOutput.ReadToEnd()
                            let errors = running.StandardError.ReadToEnd()
                            running.WaitForExit()
                            Expect.equal running.ExitCode 0 errors

                            let found =
                                [
                                    for line in said.Split('\n', StringSplitOptions.RemoveEmptyEntries) do
                                        let parts = line.Split '|'

                                        parts[0],
                                        parts[1..]
                                        |> Array.map (fun v -> Double.Parse(v, CultureInfo.InvariantCulture))
                                ]

                            Expect.equal found (Columns.ofNamed named) "names and numbers")

            Check.scoped "files are not made of what has no rows, too few weights, or two columns of one name"
            <| fun () ->
                withFile (fun path ->
                    let refused parts write =
                        Check.refuses parts (fun () -> write () |> ignore)
                        Expect.isFalse (File.Exists path) "no file"

                    let draws rows weights =
                        {
                            Points = Check.normal 1 [ rows; 2 ]
                            LogProposal = Check.normal 1 [ rows ]
                            LogWeights = Check.normal 1 [ weights ]
                        }

                    refused [ "Points"; "row" ] (fun () -> Export.arrow path (draws 0 0))
                    refused [ "LogWeights"; "7"; "30" ] (fun () -> Export.arrow path (draws 30 7))

                    refused [ "draws"; "row" ] (fun () ->
                        Export.namedArrow
                            path
                            { named with
                                Values = Check.normal 1 [ 0; 7 ]
                                LogWeights = Check.normal 1 [ 0 ]
                            })

                    for first, second, name in
                        [
                            { Name = "a[1]"; Shape = [] }, { Name = "a"; Shape = [ 1 ] }, "a[1]"
                            { Name = "logWeight"; Shape = [] }, { Name = "b"; Shape = [] }, "logWeight"
                        ] do
                        let twice =
                            NamedDraws.create [ first; second ] (Check.normal 1 [ 4; 2 ]) (Check.normal 1 [ 4 ])

                        for write in [ Export.namedArrow; Export.namedCsv ] do
                            refused [ "draws"; $"\"{name}\""; "name of its own" ] (fun () -> write path twice))

            test "files leave no tensor behind" {
                Assert.frees (fun () ->
                    withFile (fun path ->
                        use made =
                            NamedDraws.create
                                [ { Name = "a"; Shape = [] } ]
                                (Check.normal 1 [ 4; 1 ])
                                (Check.normal 1 [ 4 ])

                        Export.namedArrow path made |> ignore))
            }
        ]

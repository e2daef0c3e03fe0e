module Mne.Functional.Tests.DrawsFileTests

open System
open System.IO
open Expecto
open PureHDF
open Mne.Functional
open Mne.Functional.Tests.Files

let private drawn =
    {
        Points = Check.normal 1 [ 30; 2 ]
        LogProposal = Check.normal 2 [ 30 ]
        LogWeights = Check.normal 3 [ 30 ]
    }

let private draws =
    testList
        "draws"
        [
            Check.scoped "reopened have the same bits" (fun () ->
                withFile (fun path ->
                    Storage.saveDraws path "three" drawn |> ignore
                    let again = Storage.openDraws path
                    Check.identical "points" again.Points drawn.Points
                    Check.identical "log q" again.LogProposal drawn.LogProposal
                    Check.identical "log w" again.LogWeights drawn.LogWeights))

            Check.scoped "as text read back to the same bits" (fun () ->
                withFile (fun path ->
                    let lines = File.ReadAllLines(Export.csv path drawn)
                    Expect.equal lines[0] "x0,x1,logProposal,logWeight" "names"
                    Expect.equal lines.Length 31 "lines"

                    let numbers =
                        array2D
                            [
                                for line in lines[1..] ->
                                    [
                                        for entry in line.Split ',' ->
                                            Double.Parse(entry, Globalization.CultureInfo.InvariantCulture)
                                    ]
                            ]

                    Expect.equal numbers[*, 0..1] (Tensor.toArray2D drawn.Points) "points"
                    Expect.equal numbers[*, 3] (Tensor.toArray drawn.LogWeights) "log w"))

            Check.scoped "as .npy have the header and bytes of NumPy's format 1.0" (fun () ->
                withFile (fun path ->
                    for tensor, kind, shape in
                        [
                            drawn.Points, "<f8", "(30, 2)"
                            Tensor.place Placement.float32 drawn.LogWeights, "<f4", "(30,)"
                            Tensor.scalar Placement.float64 2.5, "<f8", "()"
                        ] do
                        let bytes = File.ReadAllBytes(Export.npy path tensor)

                        Expect.equal
                            bytes[..7]
                            [| 0x93uy; 78uy; 85uy; 77uy; 80uy; 89uy; 1uy; 0uy |]
                            "magic and version"

                        let start = 10 + int (BitConverter.ToUInt16(bytes, 8))
                        Expect.equal (start % 64) 0 "alignment"
                        let header = Text.Encoding.ASCII.GetString bytes[10 .. start - 1]
                        Expect.stringContains header $"'descr': '{kind}'" "type"
                        Expect.stringContains header $"'shape': {shape}" "shape"
                        Expect.stringEnds header "\n" "end of the header"

                        let values =
                            [|
                                for i in 0 .. int (tensor.numel ()) - 1 ->
                                    if kind = "<f8" then
                                        BitConverter.ToDouble(bytes, start + 8 * i)
                                    else
                                        float (BitConverter.ToSingle(bytes, start + 4 * i))
                            |]

                        Expect.equal values (Tensor.toArray tensor) "numbers"))

            testCase "with fewer weights than points are refused"
            <| fun () ->
                withFile (fun path ->
                    let short =
                        { drawn with
                            LogWeights = Check.normal 3 [ 7 ]
                        }

                    for write in [ Storage.saveDraws path ""; Export.csv path ] do
                        Check.refuses [ "LogWeights"; "7"; "30" ] (fun () -> write short |> ignore))

            testCase "in a file that is missing or something else are refused"
            <| fun () ->
                withFile (fun path ->
                    let missing =
                        Assert.raises<FileNotFoundException>(fun () -> Storage.openDraws path |> ignore)

                    Expect.stringContains missing.Message path "message"

                    Directory.CreateDirectory(Path.GetDirectoryName path |> Unchecked.nonNull)
                    |> ignore

                    File.WriteAllText(path, String.replicate 100 "no HDF5 file ")

                    let damaged (found: string) =
                        let error =
                            Assert.raises<DamagedFileException>(fun () -> Storage.openDraws path |> ignore)

                        for part in [ path; found; "make it again" ] do
                            Expect.stringContains error.Message part "message"

                    damaged "is not an HDF5 file"
                    H5File().Write path
                    damaged "does not end with the seal of this library"
                    File.WriteAllBytes(path, [||])
                    damaged "is empty"
                    let folder = Path.GetDirectoryName path |> Unchecked.nonNull
                    Check.refuses [ "path"; "found the folder" ] (fun () -> Storage.openDraws folder |> ignore)

                    for empty in [ ""; "  " ] do
                        Check.refuses [ "empty path" ] (fun () -> Storage.openDraws empty |> ignore)
                        Check.refuses [ "empty path" ] (fun () -> Storage.saveDraws empty "" drawn |> ignore)

                    Storage.saveDraws path "" drawn |> ignore
                    let whole = File.ReadAllBytes path
                    File.WriteAllBytes(path, whole[.. whole.Length - 2])
                    damaged "cut short"
                    File.WriteAllBytes(path, Array.append whole [| 0uy |])
                    damaged "changed by another program"
                    File.WriteAllBytes(path, Array.append whole[..100] whole[102..])
                    damaged "were written"
                    File.WriteAllBytes(path, whole |> Array.mapi (fun i b -> if i = 1000 then ~~~b else b))
                    damaged "changed since it was written"
                    File.WriteAllBytes(path, whole)
                    Check.identical "points" (Storage.openDraws path).Points drawn.Points)
        ]

[<Tests>]
let tests = testList "Storage" [ draws ]

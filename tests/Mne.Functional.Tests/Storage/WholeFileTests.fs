module Mne.Functional.Tests.WholeFileTests

open System
open System.IO
open System.Threading.Tasks
open Expecto
open Mne.Functional
open Mne.Functional.Tests.Files

/// Draws whose numbers are all the same, so that a mixture of two files shows.
let private drawsOf (value: float) : Draws =
    let full shape =
        value * Tensor.ones Placement.float64 shape

    {
        Points = full [ 200; 2 ]
        LogProposal = full [ 200 ]
        LogWeights = full [ 200 ]
    }

let private filesBeside (path: string) =
    Directory.GetFiles(Path.GetDirectoryName path |> Unchecked.nonNull)
    |> Array.map Path.GetFileName

let private save (path: string) value =
    use draws = drawsOf value
    Storage.saveDraws path "" draws |> ignore

/// The number of the draws of a file.
let private read (path: string) : float =
    use draws = Storage.openDraws path

    let numbers =
        Array.concat [ Tensor.toArray draws.Points; Tensor.toArray draws.LogWeights ]
        |> Array.distinct

    Expect.hasLength numbers 1 "numbers in one file"
    numbers[0]

[<Tests>]
let tests =
    testList
        "Storage writes whole files"
        [
            test "from many threads to one path, while others read" {
                withFile (fun path ->
                    save path 0.0

                    let writing =
                        Task.WhenAll
                            [|
                                for k in 1..4 ->
                                    Task.Run(fun () ->
                                        for i in 1..15 do
                                            save path (float (100 * k + i)))
                            |]

                    let readers =
                        [|
                            for _ in 1..2 ->
                                Task.Run<int>(fun () ->
                                    let mutable seen = 0

                                    while not writing.IsCompleted do
                                        read path |> ignore
                                        seen <- seen + 1

                                    seen)
                        |]

                    writing.Wait()
                    readers |> Array.iter _.Wait()
                    Expect.isGreaterThan (readers |> Array.sumBy _.Result) 0 "files read meanwhile"
                    Expect.equal (read path % 100.0) 15.0 "the last of one of the writers"
                    Expect.equal (filesBeside path) [| "file.h5" |] "files")
            }

            test "through symbolic links, which stay, and keeps the mode" {
                if not (OperatingSystem.IsWindows()) then
                    withFile (fun path ->
                        save path 1.0
                        let secret = UnixFileMode.UserRead ||| UnixFileMode.UserWrite
                        File.SetUnixFileMode(path, secret)
                        let folder = Path.GetDirectoryName path |> Unchecked.nonNull

                        let link, second =
                            Path.Combine(folder, "link.h5"), Path.Combine(folder, "second.h5")

                        File.CreateSymbolicLink(link, "file.h5") |> ignore
                        File.CreateSymbolicLink(second, link) |> ignore
                        save second 2.0

                        for link in [ link; second ] do
                            Expect.isNotNull (FileInfo(link).LinkTarget) "still a link"
                            Expect.equal (read link) 2.0 "through the link"

                        Expect.equal (File.GetUnixFileMode path) secret "mode"
                        Expect.equal (read path) 2.0 "where it leads"

                        // One that leads nowhere yet.
                        let ahead = Path.Combine(folder, "ahead.h5")
                        File.CreateSymbolicLink(ahead, "new/there.h5") |> ignore
                        save ahead 3.0
                        Expect.equal (read (Path.Combine(folder, "new", "there.h5"))) 3.0 "made"
                        Expect.isNotNull (FileInfo(ahead).LinkTarget) "still a link")
            }

            test "or leaves the old one, and nothing beside it" {
                withFile (fun path ->
                    save path 1.0

                    Assert.raises<TimeoutException>(fun () ->
                        WholeFile.write path (fun stream ->
                            stream.Write(Array.zeroCreate 100_000, 0, 100_000)
                            raise (TimeoutException()))
                        |> ignore)
                    |> ignore

                    Expect.equal (read path) 1.0 "old"
                    Expect.equal (filesBeside path) [| "file.h5" |] "files"

                    let failing (error: string -> exn) =
                        let failed =
                            Assert.raises<exn>(fun () ->
                                WholeFile.write path (fun stream -> raise (error $"disk full: {stream.Name}"))
                                |> ignore)

                        Expect.equal failed.Message $"disk full: {path}" "the name that the caller knows"
                        Expect.equal (failed.GetType()) ((error "").GetType()) "type"

                    failing (fun message -> IOException message)
                    failing (fun message -> UnauthorizedAccessException message)
                    Expect.equal (filesBeside path) [| "file.h5" |] "files"

                    // A folder in the place of the file, and a file in the place of a folder.
                    use draws = drawsOf 2.0
                    let folder = Path.GetDirectoryName path |> Unchecked.nonNull
                    let below = Path.Combine(path, "below.h5")

                    for write in
                        [
                            fun path -> Storage.saveDraws path "" draws
                            fun path -> Export.csv path draws
                            fun path -> Export.arrow path draws
                            fun path -> Export.npy path draws.Points
                        ] do
                        Check.refuses [ "path"; "folder"; folder ] (fun () -> write folder |> ignore)
                        Assert.raises<IOException>(fun () -> write below |> ignore) |> ignore
                        Expect.equal (filesBeside path) [| "file.h5" |] "files"

                    Expect.equal (read path) 1.0 "old")
            }

            test "and sweeps up what killed writes have left, but nothing else" {
                withFile (fun path ->
                    save path 1.0

                    let part (age: float) name =
                        let file = path + name
                        File.WriteAllText(file, "half a file")
                        File.SetLastWriteTimeUtc(file, DateTime.UtcNow - TimeSpan.FromHours age)

                    let guid () = $".{Guid.NewGuid():N}.part"
                    let young = guid ()
                    part 25.0 (guid ())
                    part 0.5 young
                    part 25.0 ".mine.part"
                    save path 2.0

                    Expect.equal
                        (filesBeside path |> Array.sort)
                        (Array.sort [| "file.h5"; "file.h5" + young; "file.h5.mine.part" |])
                        "files")
            }

            test "with the time in the calendar of ISO 8601, whatever the culture" {
                let culture = Globalization.CultureInfo.CurrentCulture

                try
                    for name in [ "ar-SA"; "fa-IR"; "th-TH"; "fi-FI" ] do
                        Globalization.CultureInfo.CurrentCulture <- Globalization.CultureInfo name

                        withFile (fun path ->
                            save path 1.5
                            use file = PureHDF.H5File.OpenRead path
                            let written = file.Attribute("written").Read<string>()

                            let time =
                                DateTimeOffset.ParseExact(
                                    written,
                                    "yyyy-MM-dd'T'HH:mm:ssK",
                                    Globalization.CultureInfo.InvariantCulture
                                )

                            Expect.isLessThan (abs (DateTimeOffset.UtcNow - time).TotalMinutes) 1.0 name
                            Expect.equal (read path) 1.5 "numbers")
                finally
                    Globalization.CultureInfo.CurrentCulture <- culture
            }
        ]

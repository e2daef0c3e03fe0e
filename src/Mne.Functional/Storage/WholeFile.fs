namespace Mne.Functional

open System
open System.IO

/// Files that are replaced at once and whole, or not at all.
module internal WholeFile =

    /// What is left of a write that was killed is younger than this while it may still be one under way.
    let private abandoned = TimeSpan.FromHours 1.0

    /// Where the bytes of a path lie: at the end of its symbolic links, which stay.
    let private place (full: string) : string =
        if isNull (FileInfo(full).LinkTarget) then
            full
        else
            match File.ResolveLinkTarget(full, returnFinalTarget = true) with
            | null -> full
            | target -> target.FullName

    let private tryDelete (path: string) =
        try
            File.Delete path
        with
        | :? IOException
        | :? UnauthorizedAccessException -> ()

    /// What a file is called while it is written.
    let private beside (place: string) = $"{place}.{Guid.NewGuid():N}.part"

    /// Deletes what killed writes of the same file have left behind.
    let private sweep (folder: string) (place: string) =
        for path in Directory.EnumerateFiles(folder, "*.part") do
            if
                path.Length = (beside place).Length
                && path.StartsWith(place + ".", StringComparison.Ordinal)
                && fst (Guid.TryParseExact(path.Substring(place.Length + 1, 32), "N"))
                && DateTime.UtcNow - File.GetLastWriteTimeUtc path > abandoned
            then
                tryDelete path

    /// Fills a file beside the given path and then puts it in its place, so that a reader, another writer, or a kill at any moment
    /// finds the old file or the new one and never half of one; the last writer wins. Symbolic links are followed, and the mode of a
    /// file that is replaced is kept. Gives the full path.
    /// Raises `ArgumentException` unless the path is one of a file, and `IOException` or `UnauthorizedAccessException` when it
    /// cannot be written; then nothing is left behind.
    let write (path: string) (fill: FileStream -> unit) : string =
        let full = Guard.file path
        let place = place full

        let folder =
            match Path.GetDirectoryName place with
            | null -> Guard.fail "path" $"found the folder {full}, wanted the name of a file"
            | folder when Directory.Exists place || Path.EndsInDirectorySeparator full ->
                Guard.fail "path" $"found the folder {full}, wanted the name of a file"
            | folder -> folder

        Directory.CreateDirectory folder |> ignore
        sweep folder place
        let beside = beside place

        try
            using (new FileStream(beside, FileMode.CreateNew, FileAccess.ReadWrite)) (fun stream ->
                if not (OperatingSystem.IsWindows()) && File.Exists place then
                    File.SetUnixFileMode(stream.SafeFileHandle, File.GetUnixFileMode place)

                fill stream
                stream.Flush true)

            File.Move(beside, place, overwrite = true)
        with
        // The reader of the message knows the file by its own name.
        | :? UnauthorizedAccessException as error ->
            tryDelete beside
            raise (UnauthorizedAccessException(error.Message.Replace(beside, full), error))
        | :? IOException as error ->
            tryDelete beside
            raise (IOException(error.Message.Replace(beside, full), error))
        | _ ->
            tryDelete beside
            reraise ()

        full

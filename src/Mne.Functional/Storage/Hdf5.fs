namespace Mne.Functional

open System
open System.Globalization
open System.IO
open System.Reflection
open System.Runtime.ExceptionServices
open Microsoft.FSharp.Reflection
open PureHDF
open PureHDF.Selections

/// HDF5 files: groups with attributes, and tensors as datasets (PureHDF).
module internal Hdf5 =

    /// The version of the layout; a file with a higher one is refused. 3: files are sealed, have witnesses of their functions
    /// and the memory of any method and controller; earlier ones are not read.
    let format = 3

    let private refuse (message: string) : 'a = Guard.fail "path" message

    /// The name and version of this library.
    let library =
        match Assembly.GetExecutingAssembly().GetCustomAttribute<AssemblyInformationalVersionAttribute>() with
        | null -> "Mne.Functional"
        | version -> $"Mne.Functional {version.InformationalVersion}"

    /// Text is an attribute while it fits into one (64 kB in all per object), else a dataset of that name.
    let putText (name: string) (text: string) (group: H5Group) =
        if text.Length <= 4000 then
            group.Attributes[name] <- text
        else
            group[name] <- H5Dataset([| text |])

    let getText (name: string) (group: IH5Group) : string option =
        if group.AttributeExists name then
            Some(group.Attribute(name).Read<string>())
        elif group.LinkExists name then
            Some((group.Dataset(name).Read<string[]>())[0])
        else
            None

    let text name (group: IH5Group) =
        match getText name group with
        | Some text -> text
        | None -> refuse $"it has no \"{name}\" in {group.Name}, which every file that this library writes has"

    let float name (group: IH5Group) : float = group.Attribute(name).Read<float>()
    let int name (group: IH5Group) : int = group.Attribute(name).Read<int>()

    let private dimensions (shape: int64[]) = shape |> Array.map uint64

    /// Rows to be written one after the other, so that no second copy of all of them is needed: the dataset, and what
    /// writes its rows once the file has been begun.
    type Stack =
        {
            Dataset: obj
            Write: H5NativeWriter -> unit
        }

    let private part (i: int) (shape: int64[]) : Selection =
        HyperslabSelection(
            shape.Length + 1,
            Array.append [| uint64 i |] (Array.map (fun _ -> 0UL) shape),
            Array.append [| 1UL |] (dimensions shape)
        )

    let private stackOf (read: Tensor -> 'a[]) (count: int) (shape: int64[]) (row: int -> Tensor) : Stack =
        let dataset = H5Dataset<'a[]>(Array.append [| uint64 count |] (dimensions shape))

        let values i =
            Scope.free (fun () -> (row i).detach().cpu().contiguous() |> read)

        {
            Dataset = dataset
            Write =
                fun writer ->
                    for i in 0 .. count - 1 do
                        writer.Write(dataset, values i, fileSelection = part i shape)
        }

    /// `count` tensors of one shape and placement as a dataset (count × shape).
    let stack (placement: Placement) : int -> int64[] -> (int -> Tensor) -> Stack =
        match placement.Precision with
        | Precision.Float64 -> stackOf (fun t -> t.data<float>().ToArray())
        | Precision.Float32 -> stackOf (fun t -> t.data<float32>().ToArray())

    /// One tensor as a dataset.
    let tensor (value: Tensor) : obj =
        Scope.free (fun () ->
            let flat = value.detach().cpu().contiguous()
            let shape = dimensions value.shape

            match (Placement.ofTensor value).Precision with
            | Precision.Float64 -> H5Dataset(flat.data<float>().ToArray(), fileDims = shape) :> obj
            | Precision.Float32 -> H5Dataset(flat.data<float32>().ToArray(), fileDims = shape) :> obj)

    let private ofValues (dataset: IH5Dataset) (shape: int64[]) (selection: Selection | null) : Tensor =
        NativeTorch.ensure ()

        Scope.keep (fun () ->
            let flat =
                if dataset.Type.Size = 8 then
                    TorchSharp.torch.tensor (dataset.Read<float[]>(fileSelection = selection))
                else
                    TorchSharp.torch.tensor (dataset.Read<float32[]>(fileSelection = selection))

            flat.reshape shape)

    let private dataset (name: string) (group: IH5Group) =
        if group.LinkExists name then
            group.Dataset name
        else
            refuse $"it has no dataset \"{name}\" in {group.Name}"

    let shape name (group: IH5Group) =
        (dataset name group).Space.Dimensions |> Array.map int64

    /// A dataset as a tensor on the CPU, in the precision in which it is stored.
    let getTensor name (group: IH5Group) : Tensor =
        ofValues (dataset name group) (shape name group) null

    /// Row i of a stack.
    let getRow name i (group: IH5Group) : Tensor =
        let shape = (shape name group)[1..]
        ofValues (dataset name group) shape (part i shape)

    let getFloats name (group: IH5Group) : float[] = (dataset name group).Read<float[]>()
    let getInts name (group: IH5Group) : int[] = (dataset name group).Read<int[]>()

    /// A record as a group with one attribute per field: numbers and text as they are, descriptions as JSON (`Notation`),
    /// functions not at all.
    let putRecord (record: 'a) (group: H5Group) =
        for field in FSharpType.GetRecordFields typeof<'a> do
            match FSharpValue.GetRecordField(Unchecked.nonNull (box record), field) with
            | :? float as value -> group.Attributes[field.Name] <- value
            | :? int as value -> group.Attributes[field.Name] <- value
            | value ->
                match Notation.writeAs field.PropertyType value with
                | "null" -> ()
                | text -> putText field.Name text group

    /// The record of a group; fields that it does not have, functions among them, are those of `defaults`.
    let getRecord (defaults: 'a) (group: IH5Group) : 'a =
        let value (field: PropertyInfo) : objnull =
            if not (group.AttributeExists field.Name || group.LinkExists field.Name) then
                FSharpValue.GetRecordField(Unchecked.nonNull (box defaults), field)
            elif field.PropertyType = typeof<float> then
                box (float field.Name group)
            elif field.PropertyType = typeof<int> then
                box (int field.Name group)
            else
                Notation.readAs field.PropertyType (text field.Name group)

        unbox<'a>(FSharpValue.MakeRecord(typeof<'a>, FSharpType.GetRecordFields typeof<'a> |> Array.map value))

    /// Writes a file of the given kind at once and whole (`WholeFile`), and seals it (`Seal`). Gives the full path.
    let write (path: string) (kind: string) (problem: string) (fill: H5File -> Stack list) : string =
        WholeFile.write path (fun stream ->
            let file = H5File()
            file.Attributes["format"] <- format
            file.Attributes["kind"] <- kind
            file.Attributes["library"] <- library

            file.Attributes["written"] <-
                DateTime.UtcNow.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture)

            putText "problem" problem file
            let stacks = fill file

            try
                using (file.BeginWrite stream) (fun writer ->
                    for stack in stacks do
                        stack.Write writer)
            with :? TargetInvocationException as error ->
                // PureHDF writes by reflection: what the disk said is inside.
                error.GetBaseException() |> ExceptionDispatchInfo.Throw

            Seal.append stream)

    /// Reads a file of the given kind. Raises `FileNotFoundException` when there is none, `DamagedFileException` when it is
    /// not what was written, and `ArgumentException` when it is of another kind.
    let read (path: string) (kinds: string list) (take: IH5Group -> 'a) : 'a =
        let full = Guard.file path

        if Directory.Exists full then
            refuse $"found the folder {full}, wanted the name of a file"

        if not (File.Exists full) then
            raise (FileNotFoundException($"path: there is no file {full}", path))

        // What is read is what was verified, also when another file takes the place of this one meanwhile.
        use stream =
            new FileStream(full, FileMode.Open, FileAccess.Read, FileShare.Read ||| FileShare.Delete)

        Seal.verify full stream
        stream.Position <- 0L
        use file = H5File.Open(stream, leaveOpen = true)

        match getText "kind" file with
        | Some kind when List.contains kind kinds && int "format" file = format -> take file
        | Some kind when List.contains kind kinds ->
            refuse
                $"""{path} was written by {text "library" file} in another layout than this version reads; read it with that version"""
        | Some kind -> refuse $"""{path} holds a {kind}, wanted a {String.concat " or a " kinds}"""
        | None -> refuse $"{path} was not written by this library"

namespace Mne.Functional

open System
open System.Runtime.InteropServices
open System.Text

/// <summary>No MPI was found, or what was found is none. The message says what was looked for and what to install.</summary>
type MpiMissingException(message: string, inner: exn | null) =
    inherit Exception(message, inner)

/// The functions of MPI that are used, of whichever library is there. Communicators, types and operations are numbers in MPICH and its
/// relatives, and addresses in Open MPI; either fits a machine word.
module internal MpiLibrary =

    [<UnmanagedFunctionPointer(CallingConvention.Cdecl)>]
    type Init = delegate of argc: nativeint * argv: nativeint * wanted: int * given: nativeint -> int

    [<UnmanagedFunctionPointer(CallingConvention.Cdecl)>]
    type Ask = delegate of answer: nativeint -> int

    [<UnmanagedFunctionPointer(CallingConvention.Cdecl)>]
    type AskOf = delegate of communicator: nativeint * answer: nativeint -> int

    [<UnmanagedFunctionPointer(CallingConvention.Cdecl)>]
    type Handle = delegate of communicator: nativeint * handler: nativeint -> int

    [<UnmanagedFunctionPointer(CallingConvention.Cdecl)>]
    type Sum =
        delegate of
            from: nativeint *
            into: nativeint *
            count: int *
            kind: nativeint *
            operation: nativeint *
            communicator: nativeint *
            request: nativeint ->
                int

    [<UnmanagedFunctionPointer(CallingConvention.Cdecl)>]
    type Share =
        delegate of
            buffer: nativeint * count: int * kind: nativeint * root: int * communicator: nativeint * request: nativeint ->
                int

    [<UnmanagedFunctionPointer(CallingConvention.Cdecl)>]
    type Test = delegate of request: nativeint * flag: nativeint * status: nativeint -> int

    [<UnmanagedFunctionPointer(CallingConvention.Cdecl)>]
    type Explain = delegate of code: int * text: nativeint * length: nativeint -> int

    [<UnmanagedFunctionPointer(CallingConvention.Cdecl)>]
    type Abort = delegate of communicator: nativeint * code: int -> int

    [<UnmanagedFunctionPointer(CallingConvention.Cdecl)>]
    type Finish = delegate of unit -> int

    /// A library with what it calls its constants.
    type Library =
        {
            Path: string
            /// "Open MPI" or "MPICH".
            Kind: string
            World: nativeint
            Double: nativeint
            Add: nativeint
            ReturnErrors: nativeint
            InPlace: nativeint
            Init: Init
            Initialized: Ask
            Rank: AskOf
            Size: AskOf
            SetErrorHandler: Handle
            Sum: Sum
            Share: Share
            Barrier: AskOf
            Test: Test
            Explain: Explain
            Abort: Abort
            Finalize: Finish
            Finalized: Ask
        }

    /// The environment variable that names the library to take.
    let variable = "MNE_MPI"

    let private openMpi = [ "libmpi.so.40"; "libmpi.40.dylib" ]

    let private mpich =
        [ "libmpich.so.12"; "libmpi.so.12"; "libmpi_cray.so.12"; "libmpi.12.dylib" ]

    /// The libraries to try, by the variables that the launchers set for their processes.
    let candidates (environment: string -> string option) : string list =
        match environment variable with
        | Some named -> [ named ]
        | None ->
            if (environment "OMPI_COMM_WORLD_SIZE").IsSome then
                openMpi
            elif (environment "PMI_SIZE").IsSome && (environment "PMIX_RANK").IsNone then
                mpich
            else
                openMpi @ mpich

    let private set (name: string) : string option =
        match Environment.GetEnvironmentVariable name with
        | null
        | "" -> None
        | value -> Some value

    [<DllImport("libc.so.6", EntryPoint = "dlopen")>]
    extern nativeint private dlopen(string path, int flags)

    /// Open MPI's own parts, which it loads later, look for its symbols among those of the whole process.
    let private forAll (path: string) =
        if OperatingSystem.IsLinux() then
            try
                let now, everywhere = 2, 0x100
                dlopen (path, now ||| everywhere) |> ignore
            with
            | :? DllNotFoundException
            | :? EntryPointNotFoundException -> () // an older C library, whose dlopen lies elsewhere

    let private missing (tried: string list) (found: string) =
        let names = String.concat ", " tried

        MpiMissingException(
            $"no MPI: {found} (looked for {names}). Install Open MPI or MPICH, start the program with its mpirun, or name its library by the variable {variable}",
            null
        )

    /// Opens the first of the libraries that is there.
    let openFirst (tried: string list) : Library =
        let opened =
            tried
            |> List.tryPick (fun name ->
                forAll name

                match NativeLibrary.TryLoad name with
                | true, handle -> Some(name, handle)
                | _ -> None)

        match opened with
        | None -> raise (missing tried "none of its libraries loads")
        | Some(name, handle) ->
            let symbol (wanted: string) =
                match NativeLibrary.TryGetExport(handle, wanted) with
                | true, address -> address
                | _ -> raise (missing tried $"{name} has no {wanted}")

            let call (wanted: string) : 'f =
                Marshal.GetDelegateForFunctionPointer<'f>(symbol wanted)

            let ofOpenMpi, _ = NativeLibrary.TryGetExport(handle, "ompi_mpi_comm_world")
            // MPICH's are fixed by the binary interface that it shares with Intel's, Cray's and others.
            let constant (inOpenMpi: string) (inMpich: int) =
                if ofOpenMpi then symbol inOpenMpi else nativeint inMpich

            {
                Path = name
                Kind = if ofOpenMpi then "Open MPI" else "MPICH"
                World = constant "ompi_mpi_comm_world" 0x44000000
                Double = constant "ompi_mpi_double" 0x4c00080b
                Add = constant "ompi_mpi_op_sum" 0x58000003
                ReturnErrors = constant "ompi_mpi_errors_return" 0x54000001
                InPlace = if ofOpenMpi then 1n else -1n
                Init = call "MPI_Init_thread"
                Initialized = call "MPI_Initialized"
                Rank = call "MPI_Comm_rank"
                Size = call "MPI_Comm_size"
                SetErrorHandler = call "MPI_Comm_set_errhandler"
                Sum = call "MPI_Iallreduce"
                Share = call "MPI_Ibcast"
                Barrier = call "MPI_Ibarrier"
                Test = call "MPI_Test"
                Explain = call "MPI_Error_string"
                Abort = call "MPI_Abort"
                Finalize = call "MPI_Finalize"
                Finalized = call "MPI_Finalized"
            }

    /// The MPI of this process's launcher, or the one that is there.
    let find () : Library = openFirst (candidates set)

    /// What a code of an error means.
    let explain (library: Library) (code: int) : string =
        let text = Marshal.AllocHGlobal 4096
        let length = Marshal.AllocHGlobal 8

        try
            Marshal.WriteInt32(length, 0)

            if library.Explain.Invoke(code, text, length) = 0 then
                Encoding.UTF8.GetString(Array.init (Marshal.ReadInt32 length) (fun i -> Marshal.ReadByte(text, i)))
            else
                $"error {code}"
        finally
            Marshal.FreeHGlobal text
            Marshal.FreeHGlobal length

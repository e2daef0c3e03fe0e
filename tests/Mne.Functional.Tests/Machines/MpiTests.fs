/// MPI, where it is installed: `.ci/mpi` brings both from Debian and tries more.
module Mne.Functional.Tests.MpiTests

open System
open System.Diagnostics
open System.IO
open System.Net
open System.Net.Sockets
open System.Runtime.InteropServices
open System.Text.RegularExpressions
open System.Threading
open Expecto
open Mne.Functional

[<DllImport("libc", SetLastError = true)>]
extern int private kill(int pid, int signal)

/// A launcher, and what lets it start more ranks than there are cores, as root.
type private Launcher =
    {
        Name: string
        Command: string
        Options: string list
        /// What the ranks are started by, if anything.
        Wrapper: string list
    }

let private openMpi =
    {
        Name = "Open MPI"
        Command = "mpirun.openmpi"
        Options = [ "--oversubscribe" ]
        Wrapper = []
    }

let private mpich =
    {
        Name = "MPICH"
        Command = "mpiexec.hydra"
        // It would kill the others as soon as one has died, and even so where it sees that a signal was the cause: a shell tells it a code.
        Options = [ "-disable-auto-cleanup" ]
        Wrapper = [ "sh"; "-c"; """trap : TERM USR1 USR2; "$0" "$@"; exit $?""" ]
    }

let private installed (launcher: Launcher) =
    (nonNull (Environment.GetEnvironmentVariable "PATH")).Split Path.PathSeparator
    |> Array.exists (fun folder -> File.Exists(Path.Combine(folder, launcher.Command)))

let private program =
    lazy
        (Path.Combine(
            DocsTests.root.Value,
            "tests/Mne.Functional.MpiCheck/bin/Release/net10.0/Mne.Functional.MpiCheck.dll"
        ))

/// A started launcher, with what it and its ranks have written so far.
type private Job(launcher: Launcher, ranks: int, arguments: string list) =
    let start =
        ProcessStartInfo(
            launcher.Command,
            launcher.Options
            @ [ "-n"; string ranks ]
            @ launcher.Wrapper
            @ [ "dotnet"; program.Value ]
            @ arguments,
            RedirectStandardOutput = true,
            RedirectStandardError = true
        )

    do
        for name in
            [
                "OMPI_ALLOW_RUN_AS_ROOT"
                "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"
                "OMP_NUM_THREADS"
            ] do
            start.Environment[name] <- "1"

        // No codes for terminals among the lines.
        start.Environment["TERM"] <- "dumb"

    let launched = nonNull (Process.Start start)
    let output = launched.StandardOutput.ReadToEndAsync()
    let errors = launched.StandardError.ReadToEndAsync()
    member _.Process = launched

    /// The processes that are ranks: those below the launcher that run the program.
    member _.Ranks() : int list =
        let parentOf (id: int) =
            try
                let stat = File.ReadAllText $"/proc/{id}/stat"
                int (stat.Substring(stat.LastIndexOf ')' + 2).Split(' ')[1])
            with _ ->
                0

        let rec below id =
            id > 1 && (id = launched.Id || below (parentOf id))

        [
            for folder in Directory.GetDirectories "/proc" do
                match Int32.TryParse(nonNull (Path.GetFileName folder)) with
                | true, id when id <> launched.Id ->
                    let command =
                        try
                            File.ReadAllText $"/proc/{id}/cmdline"
                        with _ ->
                            ""

                    if command.StartsWith("dotnet\000", StringComparison.Ordinal) && below id then
                        id
                | _ -> ()
        ]

    /// What was written, and the code; fails where it does not end in time.
    member _.Wait(seconds: float) : string * int =
        if not (launched.WaitForExit(TimeSpan.FromSeconds seconds)) then
            launched.Kill true
            failtest $"{launcher.Name} does not end within {seconds} s"

        output.Result + errors.Result, launched.ExitCode

    interface IDisposable with
        member _.Dispose() =
            if not launched.HasExited then
                launched.Kill true

            launched.Dispose()

let private run launcher ranks arguments : string * int =
    use job = new Job(launcher, ranks, arguments)
    job.Wait 120.0

/// A test with each MPI, which says so where it is not there.
let private withEach name (body: Launcher -> unit) =
    [
        for launcher in [ openMpi; mpich ] ->
            test $"{name}: {launcher.Name}" {
                if not (installed launcher) then
                    skiptest $"{launcher.Command} is not installed; .ci/mpi installs it"

                body launcher
            }
    ]

/// `.ci/mpi` asks for more ranks and more kills than a run of all tests.
let private atLength = Environment.GetEnvironmentVariable "MNE_AT_LENGTH" = "1"

/// The processes of all ranks, by rank, which launchers tell them.
let private ranksOf (job: Job) (count: int) : int list =
    let rank (id: int) =
        Regex.Match(File.ReadAllText $"/proc/{id}/environ", "(PMI_RANK|OMPI_COMM_WORLD_RANK)=([0-9]+)").Groups[2].Value
        |> int

    match job.Ranks() with
    | found when found.Length = count -> List.sortBy rank found
    | found -> failtest $"{found.Length} ranks found of {count}"

/// Waits until a rank has written the file.
let private await (file: string) =
    let clock = Stopwatch.StartNew()

    while not (File.Exists file) && clock.Elapsed.TotalSeconds < 60.0 do
        Thread.Sleep 20

/// Three ranks, of which the last works for so long while the others wait.
let private withSlow launcher (seconds: string) (body: Job -> int list -> unit) =
    let folder = Directory.CreateTempSubdirectory "mne-mpi-"
    let file = Path.Combine(folder.FullName, "begun")

    try
        use job = new Job(launcher, 3, [ "slow"; seconds; file ])
        await file
        body job (ranksOf job 3)
    finally
        folder.Delete true

/// Which ranks say that they end because of another one.
let private typed (text: string) : Set<string> =
    set
        [
            for found in Regex.Matches(text, "rank [0-9] of [0-9]: CommunicationFailedException") -> found.Value
        ]

/// The two ends of a connection.
let private connection () : Socket * Socket =
    use listener = new TcpListener(IPAddress.Loopback, 0)
    listener.Start()

    let near =
        new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)

    near.Connect listener.LocalEndpoint
    near.ReceiveTimeout <- 10_000
    near, listener.AcceptSocket()

/// A rank is killed after so long; what the others said, and how long they lasted.
let private killed launcher ranks (rank: int) (file: string) until (after: TimeSpan) =
    use job = new Job(launcher, ranks, [ "long"; file; until ])
    await file
    Thread.Sleep after

    Process.GetProcessById(ranksOf job ranks |> List.item rank).Kill()
    let clock = Stopwatch.StartNew()
    let text, code = job.Wait 60.0
    text, code, clock.Elapsed.TotalSeconds

let private valuesOf (text: string) =
    match text.Split '\n' |> Array.tryFind _.StartsWith("u: ") with
    | Some line ->
        line.Substring(3).Split(' ', StringSplitOptions.RemoveEmptyEntries)
        |> Array.map float
    | None -> failtest $"no values: {text}"

[<Tests>]
let tests =
    testSequenced
    <| testList
        "Mpi"
        [
            test "the library is the one whose launcher started the process, or the one that is named" {
                let environment pairs name = Map.tryFind name (Map pairs)

                let first pairs =
                    MpiLibrary.candidates (environment pairs) |> List.head

                Expect.stringStarts (first [ "OMPI_COMM_WORLD_SIZE", "2" ]) "libmpi." "Open MPI"
                Expect.stringStarts (first [ "PMI_SIZE", "2" ]) "libmpich." "MPICH"

                Expect.equal
                    (MpiLibrary.candidates (environment [ "MNE_MPI", "libmine.so"; "PMI_SIZE", "2" ]))
                    [ "libmine.so" ]
                    "named"

                Expect.isGreaterThan (MpiLibrary.candidates (environment [])).Length 2 "all of them"
            }

            test "no MPI is an exception of its own, which says what was looked for and what to do" {
                for tried in [ [ "libnone.so.1"; "libnothing.so.2" ]; [ "libc.so.6" ] ] do
                    let error =
                        Assert.raises<MpiMissingException>(fun () -> MpiLibrary.openFirst tried |> ignore)

                    for part in tried @ [ "Open MPI"; "MNE_MPI" ] do
                        Expect.stringContains error.Message part "message"
            }

            yield!
                withEach "an evolution and a sampler on several ranks are those of one" (fun launcher ->
                    for ranks in (if atLength then [ 1; 2; 3; 4 ] else [ 2 ]) do
                        let text, code = run launcher ranks [ "agrees" ]
                        Expect.equal code 0 text

                        for name in [ "evolution"; "sampler" ] do
                            let line =
                                text.Split '\n'
                                |> Array.tryFind _.StartsWith($"{name} on {ranks} ranks of {launcher.Name}: ")
                                |> Option.defaultWith (fun () -> failtest text)

                            if atLength then
                                printfn $"{line}"

                            let apart = float (line.Substring(line.LastIndexOf ": " + 2).Split(' ')[0])
                            Expect.isLessThan apart 1e-10 line)

            yield!
                withEach "a rank that raises says so and ends the others" (fun launcher ->
                    let clock = Stopwatch.StartNew()
                    let text, code = run launcher 2 [ "raises" ]
                    Expect.notEqual code 0 "a failure"
                    Expect.stringContains text "rank 1 of 2: Exception: this rank gives up" "who and why"
                    Expect.isLessThan clock.Elapsed.TotalSeconds 20.0 "soon")

            test "a connection that ends without a farewell is a rank that is lost, which the others are told" {
                let first, second = connection (), connection ()
                use heard = new ManualResetEventSlim()
                let lost = ref -1

                let watch =
                    Watch(
                        [ 1, fst first; 2, fst second ],
                        fun rank ->
                            lost.Value <- rank
                            heard.Set()
                    )

                Expect.isFalse (heard.Wait 1500) "silence is no loss"
                (snd first).Dispose()
                Expect.isTrue (heard.Wait 5000) "a loss"
                Expect.equal lost.Value 1 "of the rank whose connection has ended"
                Expect.equal (Wire.hear (snd second)) (Some 1) "the other one is told"
                watch.Leave()
            }

            test "ranks that leave in order are not lost" {
                let lost = Collections.Concurrent.ConcurrentBag<int>()

                Communicator.threads 4 (fun ranks ->
                    let watch = Watch.start ranks lost.Add
                    Thread.Sleep(50 * ranks.Rank)
                    ranks.Barrier()
                    watch.Leave())
                |> ignore

                Expect.isEmpty lost "all have said farewell"
            }

            yield!
                withEach
                    "a rank that is slow, or stopped, is not lost, and ranks that are told to end wait for it"
                    (fun launcher ->
                        withSlow launcher (if atLength then "15" else "4") (fun job ranks ->
                            Expect.equal (kill (ranks[2], 19)) 0 "SIGSTOP"
                            Thread.Sleep(TimeSpan.FromSeconds(if atLength then 12.0 else 1.0))
                            Expect.equal (kill (ranks[2], 18)) 0 "SIGCONT"

                            for rank in ranks do
                                Expect.equal (kill (rank, 15)) 0 "SIGTERM"

                            let text, code = job.Wait 60.0
                            Expect.stringContains text "all 3 are there" "no rank has gone"
                            Expect.isEmpty (typed text) text
                            Expect.notEqual code 0 "they stop afterwards, since they were told to"))

            yield!
                withEach "a rank that works on its own says that another is lost, too" (fun launcher ->
                    withSlow launcher "100" (fun job ranks ->
                        Expect.equal (kill (ranks[1], 9)) 0 "SIGKILL"
                        let clock = Stopwatch.StartNew()
                        let text, _ = job.Wait 60.0
                        Expect.isLessThan clock.Elapsed.TotalSeconds 10.0 "within ten seconds"

                        Expect.equal
                            (typed text)
                            (set
                                [
                                    "rank 0 of 3: CommunicationFailedException"
                                    "rank 2 of 3: CommunicationFailedException"
                                ])
                            text))

            yield!
                withEach
                    "a rank that is killed ends the others, and its checkpoint goes on on another number"
                    (fun launcher ->
                        let folder = Directory.CreateTempSubdirectory "mne-mpi-"
                        let file = Path.Combine(folder.FullName, "run.h5")
                        let until = if atLength then "0.3" else "0.1"
                        let whole, _ = run launcher 1 [ "long"; file; until ]
                        let whole = valuesOf whole
                        let size = whole |> Array.map abs |> Array.max
                        let random = Random 1

                        for attempt in 1 .. (if atLength then 10 else 1) do
                            File.Delete file
                            let ranks = if atLength then random.Next(2, 4) else 2
                            let rank = random.Next ranks

                            let after =
                                TimeSpan.FromSeconds(0.05 + (if atLength then 1.0 else 0.1) * random.NextDouble())

                            let text, code, seconds = killed launcher ranks rank file until after
                            Expect.notEqual code 0 text
                            Expect.isLessThan seconds 10.0 "within ten seconds"

                            let others =
                                set
                                    [
                                        for other in 0 .. ranks - 1 do
                                            if other <> rank then
                                                $"rank {other} of {ranks}: CommunicationFailedException"
                                    ]

                            Expect.equal (typed text) others text

                            let onOthers = if attempt % 2 = 0 then 3 else 1
                            let rest, code = run launcher onOthers [ "long"; file; until ]
                            Expect.equal code 0 rest
                            let rest = valuesOf rest

                            if atLength then
                                printfn
                                    $"{launcher.Name}: rank {rank} of {ranks} killed, {others.Count} others say so, all ended after {seconds:F1} s; goes on on {onOthers}"

                            for a, b in Array.zip rest whole do
                                Expect.isLessThan (abs (a - b)) (1e-10 * size) "as if nothing had happened"

                        folder.Delete true)
        ]

namespace Mne.Functional

/// What the parts of a sampler draw random numbers for. Each has a seed of its own; one list, so that no two share one.
[<RequireQualifiedAccess>]
type internal Stream =
    | Fit = 1
    | Level = 2
    | InitialParameters = 3
    | FreshPoints = 4
    | Evolution = 5
    | Draws = 6
    | FirstPoints = 7
    | Pilot = 8
    | NormalPart = 9
    | PointCount = 10
    | ReverseSde = 11
    | Marginal = 12
    | Structure = 13
    | Modes = 14
    | Tempering = 15
    | Proposals = 16
    | Pool = 17
    | Flow = 18
    | Final = 19
    | Blocks = 20
    | Anywhere = 21
    | Planted = 22
    | Check = 23
    | Annealed = 24

/// Seeds of streams.
module internal Stream =

    /// The run of a part of the work, with the seed of its stream.
    let run (stream: Stream) (run: Run) : Run = Run.part (int stream) run

    /// The seed of a stream.
    let seed (stream: Stream) (run: Run) : int = Seed.child (int stream) run.Seed

    /// The seed of a stream of draws, from the run that draws.
    let drawing (stream: Stream) (run: Run) : int =
        Seed.child run.Seed (Seed.child (int stream) 0)

// Posterior.sample beside plain adaptive sequential Monte Carlo (tests' references) on the same energies: what each asks of the machine for the same
// accuracy of log Z. Of Posterior.sample nothing is told; sequential Monte Carlo is told how wide the target is, and given four times as many
// particles until its error over five seeds is no larger, or it takes too long.
//     dotnet fsi --optimize+ scripts/against-smc.fsx [part of a target's name] [runs of each] [seconds for one run at most]
#load "targets.fsx"
#load "../tests/Mne.Functional.Tests/References/Smc.fs"

open System
open System.Diagnostics
open Mne.Functional
open Mne.Functional.References
open Families
open SuiteTargets

let words = List.ofArray fsi.CommandLineArgs |> List.tail
let word k = List.tryItem k words

let part = word 0 |> Option.defaultValue ""
let runs = word 1 |> Option.map int |> Option.defaultValue 5
let limit = word 2 |> Option.map float |> Option.defaultValue 120.0

/// Names, and the deviation of the normal distribution that sequential Monte Carlo is told to begin with.
let chosen =
    [
        "three modes, 6-d, 1", 5.0
        "eight modes, 10-d, 1", 5.0
        "GMM40", 30.0
        "25 modes", 10.0
        "Gaussian, 10-d, deviations 1 to 100", 100.0
        "banana", 5.0
        "funnel, 3-d", 10.0
        "many-well 64", 3.0
        "many-well 128", 3.0
        "rare mode, 2-d", 8.0
        "phi^4, 16", 3.0
        "funnel, 10-d", 10.0
        "logistic, 2-d, 40 observations", 5.0
    ]

/// log Z found by several runs, seconds and energies of one.
type Tried =
    {
        Found: float list
        Seconds: float
        Energies: float
    }

/// Root mean square of what several runs are off.
let error (exact: float) (tried: Tried) =
    sqrt (tried.Found |> List.averageBy (fun z -> (z - exact) ** 2.0))

/// Some runs, which tell log Z and energies.
let tried (one: int -> float * float) : Tried =
    let clock = Stopwatch.StartNew()
    let results = [ for seed in 1..runs -> Scope.free (fun () -> one seed) ]

    {
        Found = List.map fst results
        Seconds = clock.Elapsed.TotalSeconds / float runs
        Energies = results |> List.averageBy snd
    }

let ours (target: Target) =
    tried (fun seed ->
        use posterior =
            target.Density
            |> Posterior.sample { Run.quiet with Seed = seed } Posterior.defaults

        posterior.LogNormaliser.Value, float posterior.Evaluations)

let smc (target: Target) wide particles =
    tried (fun seed ->
        let found =
            Smc.run
                seed
                { Smc.defaults with
                    Particles = particles
                    Wide = wide
                }
                target.Density.Dimension
                target.Density.Energy

        found.LogZ, float found.Energies)

printfn "%-38s %-28s %9s %9s %10s" "target" "method" "error" "seconds" "energies"

let show name (method: string) exact tried =
    printfn "%-38s %-28s %9.2g %9.1f %10.2g" name method (error exact tried) tried.Seconds tried.Energies

/// For one target: how many times as long, and as many energies, sequential Monte Carlo takes; nan where it never got there.
let compare (name: string) (wide: float) (target: Target) : (string * float) list =
    let exact = target.LogNormaliser.Value
    let own = ours target
    show name "Posterior.sample" exact own

    let rec go particles =
        let other = smc target wide particles
        show name $"SMC, {particles} particles" exact other

        if error exact other <= error exact own then
            other.Seconds / own.Seconds, other.Energies / own.Energies
        elif 4.0 * other.Seconds > limit || particles >= 1_000_000 then
            nan, nan
        else
            go (4 * particles)

    let seconds, energies = go 1000

    [ $"{name}: seconds", seconds; $"{name}: energies", energies ]

let results =
    [
        for name, wide in chosen do
            if name.Contains part then
                match targets 0 name |> List.tryFind (fun (found, _) -> found = name) with
                | Some(_, make) ->
                    let target = make ()

                    if target.LogNormaliser.IsSome then
                        yield! compare name wide target
                | None -> printfn $"{name}: no such target"
    ]

printfn
    $"SMC's seconds and energies as multiples of Posterior.sample's, at no larger error; nan: not within {limit:F0} s a run"

printResult results

namespace Mne.Functional

open System
open TorchSharp

/// What tempered sequential Monte Carlo found: samples of a density, its log Z, and the mixture that its last proposals came from.
type internal Cloud =
    {
        /// The samples (N × d), all of the same weight.
        Points: Tensor
        /// log Z and its error, as the weights of the temperatures tell it.
        LogNormaliser: Estimate
        /// A mixture close to the samples.
        Mixture: Mixture
        /// How many temperatures there were.
        Temperatures: int
    }

/// How samples move at each temperature, besides leaps from mode to mode.
[<RequireQualifiedAccess>]
type internal Moves =
    /// Steps of Langevin's, which are cheap, and bear steep places far out.
    | Langevin of steps: int
    /// Trajectories of Hamilton's, which cross a mode in one.
    | Hamiltonian of trajectories: int

/// Moves that are enough for most densities.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module internal Moves =

    /// Moves of each sample at every temperature.
    let usual = Moves.Langevin 4

/// Tempered sequential Monte Carlo (Del Moral, Doucet and Jasra 2006): samples of a wide distribution q are carried to a density e^{−V} / Z by way of
/// q^{1−β} e^{−βV}. The next β keeps a half of the effective sample size; samples are then resampled and moved by steps that leave the new density
/// as it is: proposals from a mixture fitted to them, which go from mode to mode, and Langevin steps or trajectories of the shapes of its components.
[<RequireQualifiedAccess>]
module internal Tempering =

    /// Degrees of freedom of proposals: tails that those of the density do not exceed soon.
    let private ν = 5.0

    /// log of a mixture of Student distributions with the moments of a mixture's components.
    let private heavy (normals: Normals) (points: Tensor) : Tensor =
        Normals.logStudentDensity ν normals points

    /// Draws from it.
    let private drawHeavy (placement: Placement) (seed: int) (count: int) (normals: Normals) : Tensor =
        let d = int normals.Means.shape[1]

        let normal k shape =
            Random.normal placement (Seed.child k seed) shape
        // χ² with five degrees of freedom.
        let chi = (normal 0 [ count; int ν ]).Square().sum(1L, keepdim = true)
        let noise = normal 1 [ count; d ] * (ν ./ chi).sqrt()
        Normals.draw (Seed.child 2 seed) noise normals

    /// The largest step of β up to 1 − β that keeps half of the effective sample size, from log e^{−V}/q (N).
    let private nextStep (β: float) (logRatio: float[]) : float =
        let n = float logRatio.Length

        let effective δ =
            let logs = logRatio |> Array.map (fun l -> δ * l)
            let top = Array.max logs
            let w = logs |> Array.map (fun l -> exp (l - top))
            Array.sum w ** 2.0 / (n * Array.sumBy (fun w -> w * w) w)

        if effective (1.0 - β) >= 0.5 then
            1.0 - β
        else
            let rec bisect low high k =
                if k = 0 then
                    low
                else
                    let middle = sqrt (low * high)

                    if effective middle >= 0.5 then
                        bisect middle high (k - 1)
                    else
                        bisect low middle (k - 1)

            bisect (1e-12 * (1.0 - β)) (1.0 - β) 60

    /// q^{1−β} e^{−βV} as a density.
    let private between (q: Normals) (β: float) (target: Density) : Density =
        { target with
            Energy =
                fun points ->
                    if β >= 1.0 then
                        target.Energy points
                    else
                        β .* target.Energy points - (1.0 - β) .* heavy q points
        }

    /// Proposals from a mixture, independent of where samples are.
    let private leap (target: Density) (seed: int) (proposal: Normals) (state: LangevinState) : LangevinState * float =
        let m = Tensor.rows state.Points

        let proposed =
            Langevin.start target (drawHeavy (Placement.ofTensor state.Points) (Seed.child 0 seed) m proposal)

        let weight (s: LangevinState) = -s.Energy - heavy proposal s.Points

        let accepted =
            (Random.uniform (Placement.ofTensor state.Points) (Seed.child 1 seed) [ m ])
                .log()
                .less(weight proposed - weight state)

        Langevin.choose accepted proposed state, Tensor.toFloat (accepted.``to``(state.Energy.dtype).mean())

    /// Leapfrog steps of a trajectory.
    let private leaps = 8

    /// A step or a trajectory: groups of samples, chosen without looking where they are, each with the shape of one component. The state, and the
    /// size of the next, so that as many are accepted as is best.
    let private walk
        (moves: Moves)
        (target: Density)
        (seed: int)
        (size: float)
        (mixture: Mixture)
        (state: LangevinState)
        =
        let m = Tensor.rows state.Points
        let groups = min 8 mixture.Components

        let shuffled =
            Tensor.toArray ((Random.uniform Placement.float64 (Seed.child 0 seed) [ m ]).argsort())
            |> Array.map int

        let chosen =
            let uniform =
                Tensor.toArray (Random.uniform Placement.float64 (Seed.child 1 seed) [ groups ])

            let cumulative = Array.scan (+) 0.0 mixture.Weights |> Array.tail

            uniform
            |> Array.map (fun u ->
                cumulative
                |> Array.tryFindIndex (fun c -> c >= u * Array.last cumulative)
                |> Option.defaultValue 0)

        let parts =
            [
                for g in 0 .. groups - 1 ->
                    let rows = shuffled[g * m / groups .. (g + 1) * m / groups - 1]
                    let pick = Tensor.pick rows

                    let shape = Covariance.Full mixture.Covariances[chosen[g]]
                    let seed = Seed.child (2 + g) seed

                    let state =
                        {
                            Points = pick state.Points
                            Energy = pick state.Energy
                            Gradient = pick state.Gradient
                        }

                    let next, accepted =
                        match moves with
                        | Moves.Langevin _ ->
                            Langevin.step
                                target
                                {
                                    Covariance = shape
                                    Size = state.Energy.NewFull(1L, size).unsqueeze 1L
                                    Temperature = 1.0
                                    Truncated = true
                                }
                                seed
                                state
                        | Moves.Hamiltonian _ ->
                            Hamiltonian.step
                                target
                                {
                                    Covariance = shape
                                    Size = sqrt size
                                    Leaps = leaps
                                }
                                seed
                                state

                    rows, next, accepted
            ]

        let back = Array.zeroCreate m
        let order = parts |> List.map (fun (rows, _, _) -> rows) |> Array.concat
        order |> Array.iteri (fun i row -> back[row] <- i)

        let join pick =
            parts
            |> List.map (fun (_, next, _) -> pick next)
            |> Tensor.concatenate 0L
            |> Tensor.pick back

        let accepted = parts |> List.map (fun (_, _, a) -> a) |> Tensor.concatenate 0L
        let rate = Tensor.toFloat (accepted.``to``(state.Energy.dtype).mean())

        let best =
            match moves with
            | Moves.Langevin _ -> 0.574
            | Moves.Hamiltonian _ -> 0.8

        {
            Points = join _.Points
            Energy = join _.Energy
            Gradient = join _.Gradient
        },
        size * exp (rate - best)

    /// The size of the first steps, in units of the covariance of a mode.
    let firstSize (d: int) : float = 1.0 / float d ** (1.0 / 3.0)

    /// Moves that leave e^{−V} as it is, by a mixture close to it: each a leap and a walk. The state, and the size of the next steps. The seeds are those of leaps and walks.
    let move
        (moves: Moves)
        (target: Density)
        (leaps: int, walks: int)
        (mixture: Mixture)
        (state: LangevinState, size: float)
        : LangevinState * float =
        let proposal = Normals.ofMixture (Placement.ofTensor state.Points) mixture

        let rounds =
            match moves with
            | Moves.Langevin steps -> steps
            | Moves.Hamiltonian trajectories -> trajectories

        ((state, size), [ 1..rounds ])
        ||> List.fold (fun (state, size) i ->
            let state, _ = leap target (Seed.child i leaps) proposal state
            walk moves target (Seed.child i walks) size mixture state)

    /// Samples of the target from those of a wide mixture, which has to reach everything that the target has.
    let run (run: Run) (count: int) (moves: Moves) (first: Mixture) (target: Density) : Cloud =
        let placement = run.Placement

        Scope.keepAll (fun (cloud: Cloud) -> [ cloud.Points ]) (fun () ->
            use _ = torch.no_grad ()
            let q = Normals.ofMixture placement first
            let seed k = Seed.child k run.Seed
            let at = run |> Run.phase Phase.Search 0.0

            let rec go k β logZ variance size (mixture: Mixture) (points: Tensor) (energy: Tensor) =
                Run.stopIfAsked run

                if β >= 1.0 then
                    {
                        Points = points
                        LogNormaliser =
                            {
                                Value = logZ
                                StandardError = sqrt variance
                            }
                        Mixture = mixture
                        Temperatures = k
                    }
                elif k > 200 then
                    Guard.fail
                        "energy"
                        $"more than 200 temperatures were needed, and β = {β} was reached: the density is too far from anything that was found; give first points of your own (Start.Known)"
                else
                    let ratio = -energy - heavy q points
                    let δ = nextStep β (Tensor.toArray ratio)
                    let β' = if β + δ > 1.0 - 1e-9 then 1.0 else β + δ
                    let logWeights = δ .* ratio
                    let top = Tensor.toFloat (logWeights.max ())
                    let w = Tensor.toArray ((logWeights .- top).exp())
                    let mean = Array.average w

                    let spread =
                        (Array.averageBy (fun w -> w * w) w / (mean * mean) - 1.0) / float w.Length

                    let fitted =
                        MixtureFit.improve (if β' = 1.0 then 16 else 8) 8 points logWeights mixture

                    let shift =
                        Scope.free (fun () -> Tensor.toArray (Random.uniform Placement.float64 (seed (10 * k)) [ 1 ]))

                    let chosen = Resampling.systematic shift[0] count w
                    let density = between q β' target

                    let points, energy, size =
                        Scope.keepAll (fun (x, e, _) -> [ x; e ]) (fun () ->
                            let state, size =
                                (Langevin.start density (Tensor.pick chosen points), size)
                                |> move moves density (seed (10 * k + 1), seed (10 * k + 2)) fitted

                            let energy = target.Energy state.Points
                            state.Points, energy, size)

                    run.Meter
                        { at (float (k + 1)) β' with
                            Accepted = k + 1
                        }

                    go (k + 1) β' (logZ + top + log mean) (variance + spread) size fitted points energy

            let points = drawHeavy placement (seed 3) count q
            let energy = target.Energy points
            go 0 0.0 0.0 0.0 (firstSize target.Dimension) first points energy)

namespace Mne.Functional

open System
open System.Diagnostics
open TorchSharp

/// Fits to points that are drawn anew at every step.
module internal NaturalGradient =

    /// Where a fit to drawn points stands: θ, the last step, the errors that the last ten steps began with (latest first), and how many
    /// times λ is raised above its schedule because the steps that it makes are too long to be of use.
    type private Descent =
        {
            θ: Tensor
            Last: Tensor
            Errors: float list
            Caution: float
        }

    /// One step of the natural gradient with momentum, at points x where g has the values, of both of which each rank has its rows; the step
    /// length is the longest, of a few, that lowers the error more than the next one, and 0 if none lowers it.
    let private descend
        (team: Team)
        (options: RegressionOptions)
        (problem: FitUnit.Problem)
        λ
        (all: Tensor)
        (values: Tensor)
        (at: Descent)
        =
        let network, x = problem.Network, Team.own all team
        let residual = values - Network.value network at.θ x
        let size = (team |> Team.rms [ fun () -> residual ]).Head
        let tangent = Network.tangent network at.θ x
        let m, n = network.Outputs, Tensor.rows all

        let sketch =
            options.Sketch
            |> Sketch.resolve λ m n (fun () ->
                if team.IsAlone then
                    tangent
                else
                    Network.tangent network at.θ all)

        let δ = options.Momentum .* at.Last
        let missing = Tangent.stacked residual - Tangent.times δ tangent

        let direction =
            try
                if team.IsAlone then
                    let landmarks = sketch |> Sketch.landmarks network.Domain.Dimension m n
                    Some(δ .+ fst ((Sketch.factorise λ landmarks tangent).Solve missing))
                else
                    let selected =
                        Network.tangent
                            network
                            at.θ
                            (Tensor.pick (team |> Team.landmarks network.Domain.Dimension n sketch) all)

                    let minimal =
                        SharedSketch.minimise team λ (n * m) selected (fun () -> tangent, missing)

                    Some(δ .+ minimal.Direction)
            with
            | KernelNotFactorised _
            | FieldRefused _ -> None

        /// The error after the step of each length in turn, while it falls: the best length below which shorter ones are worse, if any lowers
        /// the error.
        let rec shorten direction best lengths =
            match lengths with
            | [] -> best
            | η: float :: shorter ->
                let after =
                    (team
                     |> Team.rms [ fun () -> values - Network.value network (at.θ .+ η .* direction) x ])
                        .Head

                match best with
                | Some(least, _) when not (after < least) -> best
                | _ -> shorten direction (if after < size then Some(after, η) else best) shorter

        let change, η =
            match direction with
            | None -> at.Last.zeros_like (), 0.0
            | Some direction ->
                match shorten direction None [ 1.0; 0.5; 0.25; 0.1; 0.02 ] with
                | Some(_, η) -> η .* direction, η
                | None -> at.Last.zeros_like (), 0.0

        {
            θ = at.θ .+ change
            Last = change
            Errors =
                let own = FitUnit.error problem.ErrorScale (Tangent.stacked residual)
                List.truncate 10 (Team.mean (Tensor.rows x) own team :: at.Errors)
            Caution =
                if η = 0.0 then 10.0 * at.Caution
                elif η < 0.1 then 2.0 * at.Caution
                else max 1.0 (0.3 * at.Caution)
        },
        η

    /// Natural gradient with momentum, on new points at every step: the error seen before a step is an error at fresh points.
    let fit (run: Run) (options: RegressionOptions) (problem: FitUnit.Problem) draw (begun: FitState) =
        let clock = Stopwatch.StartNew()
        let first, last = options.Regularisation

        // The exact problem has no sums to share: every rank solves the whole of it.
        let team =
            match options.Sketch with
            | Sketch.Exact -> Team.alone
            | Sketch.Landmarks _
            | Sketch.Adaptive _ -> fst (Team.ofRun run.Communicator run.Cancellation)

        let goodEnough at =
            at.Errors.Length = 10 && List.average at.Errors < options.Tolerance

        let rec loop step (at: Descent) : FitSteps =
            if step >= options.Steps || goodEnough at then
                at.Last.Dispose()

                {
                    Parameters = at.θ
                    ErrorAtPoints = at.Errors.Head
                    Steps = step
                    End = if goodEnough at then FitEnd.Reached else FitEnd.StepsUsed
                }
            else
                let state () =
                    { begun with
                        Steps = step
                        Parameters = at.θ.alias ()
                        Change = Some(at.Last.alias ())
                        Memory = at.Caution :: at.Errors
                    }

                if step > begun.Steps then
                    FitSteps.checkpoint run options false state

                let next, η =
                    try
                        if team.IsAlone then
                            Run.stopIfAsked run

                        Scope.keepAll (fun (next, _) -> [ next.θ; next.Last ]) (fun () ->
                            let scheduled =
                                first * (last / first) ** (float step / float (max 1 (options.Steps - 1)))

                            let λ = min (max first 1.0) (at.Caution * scheduled)
                            let x: Tensor = draw (Seed.child (step + 1) run.Seed)
                            let values = team |> Team.each (fun () -> problem.Function(Team.own x team))
                            descend team options problem λ x values at)
                    with :? OperationCanceledException ->
                        // All ranks of a team stop in the same step.
                        if step > 0 then
                            FitSteps.checkpoint run options true state

                        reraise ()

                at.θ.Dispose()
                at.Last.Dispose()
                FitSteps.report run options clock (step + 1) (step + 1) η next.Errors.Head (goodEnough next)
                loop (step + 1) next

        loop
            begun.Steps
            {
                θ = begun.Parameters
                Last =
                    match begun.Change with
                    | Some change -> change.clone ()
                    | None -> begun.Parameters.zeros_like ()
                Errors = List.truncate 10 (List.skip (min 1 begun.Memory.Length) begun.Memory)
                Caution = List.tryHead begun.Memory |> Option.defaultValue 1.0
            }

namespace Mne.Functional

open System

/// What follows from an accuracy ε: the network, how many points, and how often they are drawn anew.
[<RequireQualifiedAccess>]
module internal AutomaticChoice =

    /// Units of a layer, or waves, that are tried, in this order.
    let sizes (waves: bool) =
        if waves then
            [ 16; 24; 32; 48; 64; 96; 128; 192; 256 ]
        else
            [ 16; 24; 32; 48; 64; 96; 128 ]

    /// No more points than these.
    let private mostPoints = 2500

    /// Whether the domain has sines and cosines in all of its coordinates.
    let hasWaves (domain: Domain) =
        domain.Coordinates
        |> List.forall (fun coordinate -> coordinate.IsPeriodic || coordinate.IsBounded)

    let private network (waves: bool) (domain: Domain) (outputs: int) (units: int) : Network =
        let layers =
            if waves then
                [ Layer.harmonics units ]
            else
                let isBox = domain.Coordinates |> List.forall _.IsInterval

                let first =
                    if isBox then
                        let centre, half =
                            Domain.bounds domain
                            |> List.map (fun (low, high) -> 0.5 * (low + high), 0.5 * (high - low))
                            |> List.unzip

                        Layer.normalise centre half
                    else
                        Layer.harmonics (max 1 (4 / domain.Dimension))

                // Sines of what is not periodic repeat where nothing does.
                let activation = if hasWaves domain then Sine else Tanh
                first :: List.replicate 3 (Layer.dense units activation)

        Network.create
            domain
            [
                yield! layers
                if outputs > 1 then
                    Layer.outputs outputs
            ]

    /// Points that cover the domain evenly. Call it inside a scope.
    let private cover (seed: int) (domain: Domain) (count: int) : Collocation =
        if domain.Dimension = 1 then
            Collocation.grid domain count
        else
            Collocation.sequence domain count |> Collocation.fixedBy seed

    /// Something made with points that cover the domain evenly, which are freed afterwards.
    let covering (seed: int) (domain: Domain) (count: int) (make: Collocation -> 'a) : 'a =
        let points = cover seed domain count

        try
            make points
        finally
            match points with
            | Collocation.Given points -> points.Dispose()
            | Collocation.Drawn _ -> ()

    let private fitOptions (ε: float) =
        { Regression.defaults with
            Steps = 150
            Tolerance = 0.1 * ε
            Regularisation = 1e-2, 1e-15
        }

    /// The smallest network, of at least so many units, that has the initial value to a quarter of ε, and its fit; the best of all where none has.
    let start
        (run: Run)
        (ε: float)
        (waves: bool)
        (domain: Domain)
        (outputs: int)
        (initial: Tensor -> Tensor)
        (least: int)
        =
        covering run.Seed domain (if domain.Dimension = 1 then 512 else 1024) (fun points ->
            let rec go (best: (int * Network * Fitted) option) (units: int list) =
                match units, best with
                | _, Some(_, _, fitted) when fitted.Error <= 0.25 * ε -> best.Value
                | [], _ -> best.Value
                | units :: larger, _ ->
                    let network = network waves domain outputs units
                    let fitted = Regression.tryFit run (fitOptions ε) network initial points

                    let better, worse =
                        match best with
                        | Some(_, _, before) when not (fitted.Error < before.Error) -> best.Value, Some fitted
                        | Some(_, _, before) -> (units, network, fitted), Some before
                        | None -> (units, network, fitted), None

                    worse |> Option.iter (fun fitted -> (fitted :> IDisposable).Dispose())
                    go (Some better) larger

            go None (sizes waves |> List.filter (fun units -> units >= least)))

    /// Four points for every direction that is not lost in λ.
    let points (run: Run) (λ: float) (domain: Domain) (network: Network) (θ: Tensor) : int =
        let outputs = float network.Outputs

        let rank =
            Scope.free (fun () ->
                Collocation.points run.Placement run.Seed (cover run.Seed domain 1000)
                |> Network.tangent network θ
                |> Sketch.effectiveRank λ)

        int (ceil (4.0 * rank / outputs)) |> max 64 |> min mostPoints

    /// Half of the points evenly, half in proportion to √|∇u|: at a front more than elsewhere, but few candidates are wanted twice.
    let steep (local: Local) : Tensor =
        let steepness = (Jet.gradient local.Jet).flatten(1L).norm(1).sqrt()
        steepness .+ (steepness.mean().Clamp(1e-100, 1e100))

    /// How often points are to be drawn anew so that they follow where u is steep; None where it is steep nowhere more than elsewhere.
    let fronts (run: Run) (domain: Domain) (t0: float, t1: float) (solution: Solution) : float option =
        let d = domain.Dimension

        Scope.free (fun () ->
            let x = Collocation.points run.Placement run.Seed (cover run.Seed domain 4096)

            /// How much steeper than on the average u gets, and how long a front takes to move by its width.
            let at t =
                let jet = Solution.jet (Jet.gradientRequest d) t x solution
                let u = (Jet.value jet).view(x.shape[0], -1L)
                let steepness = (Jet.gradient jet).view(x.shape[0], -1L).norm 1
                let largest = Tensor.toFloat (steepness.max ())
                let δ = 1e-4 * (t1 - t0)
                let earlier = if abs (t - t0) > abs δ then t - δ else t
                let later = if abs (t1 - t) > abs δ then t + δ else t

                let change =
                    (Solution.evaluate later x solution - Solution.evaluate earlier x solution).view(x.shape[0], -1L)

                let speed = Tensor.toFloat (change.abs().max()) / abs (later - earlier)
                let height = Tensor.toFloat (u.max () - u.min ())
                largest / Tensor.rms steepness, height / speed

            let found = [ for k in 1..8 -> at (t0 + (t1 - t0) * float k / 8.0) ]

            if found |> List.exists (fun (ratio, _) -> ratio > 8.0) then
                let span = abs (t1 - t0)
                // u at a front changes by its height while the front moves by its width.
                Some(found |> List.map snd |> List.min |> max (0.005 * span) |> min (0.1 * span))
            else
                None)

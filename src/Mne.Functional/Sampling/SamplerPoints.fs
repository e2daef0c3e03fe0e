namespace Mne.Functional

/// The points of a sampler's evolution: how many, and how they follow the density.
module internal SamplerPoints =

    /// The first points, in any number, and for any stream of random numbers.
    let drawn (run: Run) (points: int -> Collocation) stream count : Tensor =
        Collocation.points run.Placement (Stream.seed stream run) (points count)

    /// Four points for every direction that the kernel of the fitted network has, where the options leave it to the program.
    let count run (options: SamplerOptions) (network: Network) points (θ: Tensor) : int =
        match options.Cover.Points with
        | Some count -> count
        | None ->
            Scope.free (fun () ->
                let rank =
                    drawn run points Stream.PointCount Cover.most
                    |> Network.tangent network θ
                    |> Sketch.roughRank options.Evolve.Regularisation

                int (ceil (4.0 * rank)) |> max Cover.fewest |> min Cover.most)

    /// How N points follow the density.
    let dynamics (options: SamplerOptions) (p: Process) part (points: int -> Collocation) (n: int) =
        match p.Transition with
        | Some _ when options.Cover.Refreshes > 1 ->
            let refreshes = float options.Cover.Refreshes

            PointDynamics.refreshed
                [ for k in 1.0 .. refreshes - 1.0 -> options.Duration * (k / refreshes) ** 3.0 ]
                (fun placement seed t ->
                    Scope.keep (fun () ->
                        let first = Collocation.points placement (Seed.child 0 seed) (points n)

                        // Noise up to twice as large: draws reach farther out than so few points would.
                        let noise =
                            Random.normal placement (Seed.child 1 seed) [ n; p.Dimension ]
                            * (1.0 .+ Random.uniform placement (Seed.child 2 seed) [ n; 1 ])

                        Process.carry t noise first p))
        | _ -> Energy.flowingPoints p part

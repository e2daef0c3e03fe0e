/// What a call gave, used: a description is tried, since what is wrong with it may show only then, and NaN is looked for.
[<RequireQualifiedAccess>]
module internal Mne.Functional.Tests.Used

// What is given by reflection may be null, which is one of the things that are tried.
#nowarn "3261"

open System
open System.Collections
open System.IO
open Microsoft.FSharp.Reflection
open TorchSharp
open Mne.Functional
open Mne.Functional.Reporting

/// A result that is a description is used, since what is wrong with it may show only then.
let rec put (result: obj) : obj =
    let circle = Domain.periodic [ (0.0, 2.0 * Math.PI) ]

    let solve term points network options =
        let start = Network.initial network 1
        box (Evolution.trySolve Run.quiet { options with MaximumSteps = 20 } term network points start (0.0, 0.1))

    let network =
        Network.create circle [ Mne.Functional.Layer.harmonics 2; Mne.Functional.Layer.dense 4 Sine ]

    let options =
        { Evolution.defaults with
            Regularisation = 1e-6
            Tolerance = 1e-2
        }

    let grid = Collocation.grid circle 12

    /// With the weights and the bias of the output 0: u = 0, which keeps every condition of the samples.
    let nothing (θ: Tensor) =
        let changed = θ.clone ()
        changed.narrow(0L, changed.shape[0] - 5L, 5L).zero_() |> ignore
        changed

    let solveByFacade (options: CSharp.EvolutionOptions) =
        let circle = CSharp.Domain.Periodic(struct (0.0, 2.0 * Math.PI))
        let network = CSharp.Network.Create(circle, CSharp.Layer.Harmonics 2)
        let grid = CSharp.Collocation.Grid(circle, 12)
        box (CSharp.Evolution.TrySolve(CSharp.Term.Laplacian, network, grid, network.Initial 1, 0.0, 0.1, options))

    match result with
    | :? Term as term ->
        let energy =
            Network.create (Domain.euclidean 2) [ Mne.Functional.Layer.dense 4 Tanh ]

        let plane = Collocation.given (Random.normal Placement.float64 1 [ 12; 2 ])

        let needsPlane =
            Term.needs 2 term
            |> Set.exists (function
                | Derivative.Partial(1, _) -> true
                | _ -> false)

        if needsPlane then
            solve term plane energy options
        else
            solve term grid network options
    | :? PointDynamics as dynamics -> solve Term.laplacian grid network { options with Points = dynamics }
    | :? Method as chosen -> solve Term.laplacian grid network { options with Method = chosen }
    | :? Controller as controller -> solve Term.laplacian grid network { options with Controller = controller }
    | :? StopEvent as event -> solve Term.laplacian grid network { options with Events = [ event ] }
    | :? Event as event ->
        let decay =
            { SampleValues.integration () with
                Events = [ event ]
            }

        box (Integrator.solve decay (Tensor.ones Placement.float64 [ 3 ]) (0.0, 0.1))
    | :? CSharp.Method as chosen ->
        solveByFacade (CSharp.EvolutionOptions(Tolerance = 1e-2, MaximumSteps = 20, Method = chosen))
    | :? CSharp.Controller as controller ->
        solveByFacade (CSharp.EvolutionOptions(Tolerance = 1e-2, MaximumSteps = 20, Controller = controller))
    | :? Equation as equation ->
        let d, m = equation.Domain.Dimension, Term.components equation.Term

        let network =
            Network.create
                (Domain.euclidean d)
                [
                    Mne.Functional.Layer.dense 4 Tanh
                    if m > 1 then
                        Mne.Functional.Layer.outputs m
                ]

        solve equation.Term (Collocation.given (Random.normal Placement.float64 1 [ 12; d ])) network options
    | :? CSharp.Sketch as sketch ->
        solveByFacade (CSharp.EvolutionOptions(Tolerance = 1e-2, MaximumSteps = 20, Sketch = sketch))
    | :? CSharp.StopEvent as event ->
        solveByFacade (CSharp.EvolutionOptions(Tolerance = 1e-2, MaximumSteps = 20, Events = [| event |]))
    | :? CSharp.Equation as equation when equation.Domain.Dimension > 10 ->
        box (equation.Domain.Dimension, equation.Term.Components)
    | :? CSharp.Equation as equation ->
        let d, m = equation.Domain.Dimension, equation.Term.Components

        let network =
            CSharp.Network.Create(
                CSharp.Domain.Euclidean d,
                [|
                    CSharp.Layer.Dense(4, CSharp.Activation.Tanh)
                    if m > 1 then
                        CSharp.Layer.Outputs m
                |]
            )

        let options =
            CSharp.EvolutionOptions(Tolerance = 1e-2, MaximumSteps = 20, Regularisation = 1e-6)

        let plane = CSharp.Collocation.Given(Random.normal Placement.float64 1 [ 12; d ])
        box (CSharp.Evolution.TrySolve(equation.Term, network, plane, network.Initial 1, 0.0, 0.1, options))
    | :? CSharp.PointDynamics as dynamics ->
        solveByFacade (CSharp.EvolutionOptions(Tolerance = 1e-2, MaximumSteps = 20, Points = dynamics))
    | :? CSharp.NamedDraws as draws -> box [ draws.Columns; draws.LogWeights ]
    | :? CSharp.Tableau as tableau -> put (CSharp.Method.OfTableau tableau)
    | :? CSharp.Coordinate as coordinate -> put (CSharp.Domain.Create [| coordinate |])
    | :? CSharp.Layer as layer when layer.ToString().StartsWith("normalise", StringComparison.OrdinalIgnoreCase) ->
        put (CSharp.Network.Create(CSharp.Domain.Euclidean 1, layer, CSharp.Layer.Dense(3, CSharp.Activation.Sine)))
    | :? Network as network ->
        let points = Random.uniform Placement.float64 1 [ 3; network.Domain.Dimension ]
        // u and Δu.
        box (Network.jet (Set.singleton Derivative.Laplacian) network (Network.initial network 1) points).Data
    | :? Mne.Functional.Layer as layer ->
        let layers =
            match layer with
            | Mne.Functional.Layer.Harmonics _
            | Mne.Functional.Layer.Normalise _ -> [ layer; Mne.Functional.Layer.dense 3 Sine ]
            | _ -> [ Mne.Functional.Layer.harmonics 2; layer ]

        let domain =
            if layer.IsNormalise then
                Domain.box [ 0.0, 1.0 ]
            else
                circle

        put (Network.create domain layers)
    | :? Domain as domain when List.contains Coordinate.Real domain.Coordinates -> box domain.Coordinates
    | :? Domain as domain -> box (Collocation.grid domain 3 |> Collocation.points Placement.float64 1)
    | :? Collocation as collocation -> box (Collocation.points Placement.float64 1 collocation)
    | :? Density as density -> box (density.Energy(Tensor.ones Placement.float64 [ 3; density.Dimension ]))
    | :? Model as model ->
        let points = Random.normal Placement.float64 1 [ 3; model.Dimension ]

        box
            [
                (Model.density model).Energy points
                (model |> Model.constrained points).Values
            ]
    | :? CSharp.Model as model ->
        use named =
            model.Constrained(Random.normal Placement.float64 1 [ 3; model.Dimension ])

        box
            [
                named.Columns.clone ()
                model.Density.Energy(Tensor.ones Placement.float64 [ 3; model.Dimension ])
            ]
    | :? Reference as reference -> box (reference.LogDensity(reference.Draw Placement.float64 1 3))
    | :? Sde as sde ->
        box (
            Sde.simulate
                SdeScheme.StochasticHeun
                1
                [ 0.0; 0.1 ]
                (Tensor.ones Placement.float64 [ 3; sde.Dimension ])
                sde
        )
    | :? Diffusion as p -> put (box (Diffusion.paths p))
    | :? CSharp.Diffusion as p -> put (box (p.Paths()))
    | :? Wall as wall ->
        let network =
            Network.create (Domain.box [ 0.0, 1.0 ]) [ Mne.Functional.Layer.dense 4 Tanh ]

        let equation = Term.laplacian + Term.value
        let grid = Collocation.grid network.Domain 12

        box (
            Evolution.trySolve
                Run.quiet
                { options with
                    MaximumSteps = 20
                    Walls = [ wall ]
                }
                equation
                network
                grid
                (nothing (Network.initial network 1))
                (0.0, 0.1)
        )
    | :? CSharp.Side as side when side.ToString() = "Shape" -> put (CSharp.Wall.Dirichlet(side, 0.0))
    | :? CSharp.Wall as wall ->
        let network =
            CSharp.Network.Create(CSharp.Domain.Box(struct (0.0, 1.0)), CSharp.Layer.Dense(4, CSharp.Activation.Tanh))

        let options =
            CSharp.EvolutionOptions(Tolerance = 1e-2, MaximumSteps = 20, Regularisation = 1e-6, Walls = [| wall |])

        let equation = CSharp.Term.Laplacian + CSharp.Term.Value
        let grid = CSharp.Collocation.Grid(network.Domain, 12)
        box (CSharp.Evolution.TrySolve(equation, network, grid, nothing (network.Initial 1), 0.0, 0.1, options))
    | :? CSharp.Noise as noise -> put (box (CSharp.Diffusion.Create(2, (fun _ x -> x.neg ()), noise)))
    | :? Process as p ->
        let energy =
            solve
                (FokkerPlanck.energy p)
                (Collocation.given (Random.normal Placement.float64 1 [ 20; p.Dimension ]))
                (Network.create (Domain.euclidean p.Dimension) [ Mne.Functional.Layer.dense 4 Tanh ])
                options

        box (put (box (Process.forward p)), energy)
    | :? Schedule as schedule -> box [| schedule.Clock 0.5; schedule.Rate 0.5 |]
    | :? Covariance as covariance -> box (Covariance.matrix 2 covariance)
    | :? Tangent as tangent -> box (Tangent.kernel tangent tangent)
    | :? Jet as jet -> box (Jet.value jet)
    | :? Segment as segment -> box (Segment.evaluate segment.Start segment)
    | :? Chart as chart -> box (Chart.save (Path.Combine(Samples.folder.Value, "c.html")) chart)
    | :? Series as series -> put (Chart.lines [ series ])
    | :? Page as page -> box (Page.html page)
    | :? CSharp.Term as term when term.Needs 2 |> Seq.contains (CSharp.Derivative.Partial(1, 1)) ->
        let network =
            CSharp.Network.Create(CSharp.Domain.Euclidean 2, CSharp.Layer.Dense(4, CSharp.Activation.Tanh))

        let options =
            CSharp.EvolutionOptions(Tolerance = 1e-2, MaximumSteps = 20, Regularisation = 1e-6)

        let plane = CSharp.Collocation.Given(Random.normal Placement.float64 1 [ 12; 2 ])
        box (CSharp.Evolution.TrySolve(term, network, plane, network.Initial 1, 0.0, 0.1, options))
    | :? CSharp.Term as term ->
        let circle = CSharp.Domain.Periodic(struct (0.0, 2.0 * Math.PI))
        let network = CSharp.Network.Create(circle, CSharp.Layer.Harmonics 2)
        let options = CSharp.EvolutionOptions(Tolerance = 1e-2, MaximumSteps = 20)
        let grid = CSharp.Collocation.Grid(circle, 12)
        box (CSharp.Evolution.TrySolve(term, network, grid, network.Initial 1, 0.0, 0.1, options))
    | :? CSharp.Network as network ->
        box (network.Value(network.Initial 1, Random.uniform Placement.float64 1 [ 3; network.Domain.Dimension ]))
    | :? CSharp.Collocation as collocation -> box (collocation.Points 1)
    | :? CSharp.Domain as domain when Seq.contains CSharp.Coordinate.Real domain.Coordinates -> box domain.Coordinates
    | :? CSharp.Domain as domain -> box (CSharp.Collocation.Grid(domain, 3).Points 1)
    | :? CSharp.Density as density -> box (density.Energy(Tensor.ones Placement.float64 [ 3; density.Dimension ]))
    | :? CSharp.Process as p ->
        let energy =
            CSharp.Network.Create(CSharp.Domain.Euclidean p.Dimension, CSharp.Layer.Dense(4, CSharp.Activation.Tanh))

        let options =
            CSharp.EvolutionOptions(Tolerance = 1e-2, MaximumSteps = 20, Regularisation = 1e-6)

        let points =
            CSharp.Collocation.Given(Random.normal Placement.float64 1 [ 20; p.Dimension ])

        let equation = CSharp.FokkerPlanck.Energy p

        let solved =
            CSharp.Evolution.TrySolve(equation, energy, points, energy.Initial 1, 0.0, 0.1, options)

        box (put (p.Forward()), solved, p.Transition 0.1)
    | :? CSharp.Sde as sde -> box (sde.Simulate([ 0.0; 0.1 ], Tensor.ones Placement.float64 [ 3; sde.Dimension ]))
    | :? CSharp.Reference as reference -> box (reference.LogDensity(reference.Draw 3))
    | :? CSharp.Schedule as schedule -> box [| schedule.Clock 0.5 |]
    | :? CSharp.Covariance as covariance -> box (covariance.Matrix 2)
    | :? CSharp.Series as series -> put (CSharp.Chart.Lines series)
    | :? CSharp.Chart as chart -> box (chart.Save(Path.Combine(Samples.folder.Value, "c.html")))
    | other -> other

/// Records of the facade that hold what they were given.
let private plain =
    [
        "Estimate"
        "Pareto"
        "Transition"
        "Coverage"
        "Step"
        "Attempt"
        "Segment"
        "Mixture"
    ]

/// Whether a number in it is NaN.
let rec seesNaN (depth: int) (result: obj) : bool =
    match result with
    | null -> false
    | :? float as value -> Double.IsNaN value
    | :? torch.Tensor as tensor ->
        (tensor.dtype = torch.ScalarType.Float64
         || tensor.dtype = torch.ScalarType.Float32)
        && Array.exists Double.IsNaN (Tensor.toArray tensor)
    | :? (float[]) as values -> Array.exists Double.IsNaN values
    // What has NaN where there is nothing to tell, as its documentation says.
    | :? Resolution
    | :? CSharp.Resolution -> false
    | :? Progress as progress -> Double.IsNaN progress.Fraction || Double.IsNaN progress.Time
    | :? string -> false
    | :? IEnumerable as items ->
        depth > 0
        && items |> Seq.cast<obj> |> Seq.truncate 100 |> Seq.exists (seesNaN (depth - 1))
    | tuple when FSharpType.IsTuple(tuple.GetType()) ->
        FSharpValue.GetTupleFields tuple |> Array.exists (seesNaN (depth - 1))
    | record when depth > 0 && FSharpType.IsRecord(record.GetType()) ->
        FSharpValue.GetRecordFields record |> Array.exists (seesNaN (depth - 1))
    | :? CSharp.Draws as draws -> List.exists (seesNaN depth) [ draws.Points; draws.LogProposal; draws.LogWeights ]
    | :? CSharp.Chain as chain -> seesNaN depth chain.Points
    | :? CSharp.Local as local -> seesNaN depth local.Points || seesNaN depth local.Value
    | :? CSharp.Jet as jet -> seesNaN depth jet.Value
    | described when
        depth > 0
        && described.GetType().Namespace = "Mne.Functional.CSharp"
        && (described.GetType().Name.EndsWith("Options", StringComparison.Ordinal)
            || List.contains (described.GetType().Name) plain)
        ->
        described.GetType().GetProperties()
        |> Array.exists (fun property ->
            property.GetIndexParameters().Length = 0
            && (property.CanWrite || described.GetType().Name = "Mixture")
            && seesNaN (depth - 1) (property.GetValue described))
    | _ -> false

/// Whether a run says itself that it did not come to its end.
let rec isSaid (result: obj) : bool =
    match result with
    | null -> false
    | tuple when FSharpType.IsTuple(tuple.GetType()) -> FSharpValue.GetTupleFields tuple |> Array.exists isSaid
    | :? Solution as solution -> solution.Outcome <> Outcome.Completed
    | :? AutomaticSolution as automatic -> isSaid automatic.Solution
    | :? CSharp.AutomaticSolution as automatic -> isSaid automatic.Solution
    | :? Trajectory<unit> as trajectory -> trajectory.Outcome <> Outcome.Completed
    | :? CSharp.Solution as solution -> not solution.Outcome.Succeeded
    | _ -> false

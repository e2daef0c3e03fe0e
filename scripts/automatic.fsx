// Equations of several kinds from a tolerance alone (AutomaticEvolution.solve): what was asked for, what the program believes, and what is true, against exact
// solutions or Fourier series refined until they change by less than 1e-9. Errors are relative, over space and ten times.
//     dotnet fsi --optimize+ scripts/automatic.fsx [part of a name…]
#load "gallery.fsx"

open System
open System.Diagnostics
open TorchSharp
open Mne.Functional
open Mne.Functional.References
open Gallery

type Problem =
    {
        Name: string
        Tolerance: float
        Equation: Term
        Domain: Domain
        Walls: Wall list
        Initial: Tensor -> Tensor
        Until: float
        /// Where the error is measured (M × d), and u there at a time.
        Points: Tensor
        Exact: float -> Tensor
    }

let tau = 2.0 * Math.PI
let circle = Domain.periodic [ (0.0, tau) ]

let times until =
    [| for k in 1..10 -> until * float k / 10.0 |]

/// A problem whose solution is known: (t, x) ↦ u.
let exact name tolerance equation (domain: Domain) until (u: float -> Tensor -> Tensor) : Problem =
    let points =
        Collocation.points Placement.float64 7 (Collocation.uniform domain 2000)

    {
        Name = name
        Tolerance = tolerance
        Equation = equation
        Domain = domain
        Walls = []
        Initial = u 0.0
        Until = until
        Points = points
        Exact = fun t -> u t points
    }

/// A problem with a reference by Fourier series.
let spectral name tolerance equation (initial: Tensor -> Tensor) until (reference: Problem1D) : Problem =
    let low, high = reference.Equation.Low, reference.Equation.High

    let rows =
        lazy
            ((Spectral1D.converged
                1e-9
                reference.Equation
                reference.Initial
                reference.Modes
                reference.Steps
                (times until))
                 .Solution
             |> Spectral1D.onGrid 512)

    {
        Name = name
        Tolerance = tolerance
        Equation = equation
        Domain = Domain.periodic [ (low, high) ]
        Walls = []
        Initial = initial
        Until = until
        Points = column (Spectral1D.grid low high 512)
        Exact = fun t -> Tensor.ofArray Placement.float64 rows.Value[int (Math.Round(10.0 * t / until)) - 1]
    }

let axis k (x: Tensor) : Tensor = x.select (1L, int64 k)

let quadratic name outer linear initial : Problem1D =
    {
        Name = name
        Equation =
            {
                Low = 0.0
                High = tau
                Linear = fun k -> Numerics.Complex(linear k, 0.0)
                Outer = outer
                Inner = fun u -> u * u
            }
        Initial = initial
        FinalTime = 0.0
        Modes = 128
        Steps = 800
    }

let problems =
    [
        for tolerance in [ 1e-3; 1e-4; 1e-5 ] do
            spectral
                "Fisher"
                tolerance
                (0.1 * Term.laplacian + Term.value - Term.pown 2 Term.value)
                (fun x -> 0.5 + 0.4 * x.squeeze(1L).cos())
                3.0
                (quadratic "Fisher" (fun _ -> Numerics.Complex(-1.0, 0.0)) (fun k -> 1.0 - 0.1 * k * k) (fun x ->
                    0.5 + 0.4 * cos x))

        for tolerance in [ 1e-4; 1e-5 ] do
            spectral
                "Allen–Cahn"
                tolerance
                (5e-3 * Term.laplacian + Term.value - Term.pown 3 Term.value)
                (fun x ->
                    let x = x.squeeze 1L

                    let bump (rate: float) (centre: float) : Tensor = (-rate * (x - centre).square()).exp()

                    (2.0 * x.sin ()).tanh() / 3.0 - bump 23.5 (Math.PI / 2.0)
                    + bump 27.0 4.2
                    + bump 38.0 5.4)
                4.0
                Problems.allenCahn

        spectral
            "Burgers, ν = 0.05"
            1e-3
            (0.05 * Term.laplacian - Term.value * Term.partial 0 1)
            (fun x -> x.squeeze(1L).sin())
            3.0
            (quadratic "Burgers" (fun k -> Numerics.Complex(0.0, -0.5 * k)) (fun k -> -0.05 * k * k) sin)

        spectral
            "Kuramoto–Sivashinsky"
            1e-3
            (-(Term.value * Term.partial 0 1) - Term.partial 0 2 - Term.partial 0 4)
            (fun x -> let z = tau / 22.0 * x.squeeze 1L in z.cos () * (1.0 + z.sin ()))
            4.0
            (Problems.kuramotoSivashinsky 4.0)

        exact "heat, 2-d" 1e-4 (0.1 * Term.laplacian) (Domain.periodic [ (0.0, tau); (0.0, tau) ]) 2.0 (fun t x ->
            axis 0 x
            |> _.sin()
            |> (*) (exp (-0.1 * t))
            |> fun first -> first + 0.5 * exp (-0.5 * t) * (2.0 * axis 0 x + axis 1 x).cos())

        exact
            "advection, 3-d"
            1e-3
            (Term.partial 2 1 - Term.partial 0 1 - 0.5 * Term.partial 1 1)
            (Domain.periodic [ for _ in 1..3 -> (0.0, tau) ])
            1.0
            (fun t x -> ((axis 0 x - t).sin() + (axis 1 x - 0.5 * t).cos() * (axis 2 x + t).sin()).exp())

        exact
            "Schrödinger"
            1e-3
            (Term.system
                [
                    -0.5 * Term.ofComponent 1 Term.laplacian
                    0.5 * Term.ofComponent 0 Term.laplacian
                ])
            circle
            2.0
            (fun t x ->
                let x = axis 0 x
                let phases = [ 1.0, x - 0.5 * t; 0.5, 2.0 * x - 2.0 * t ]

                let part (f: Tensor -> Tensor) : Tensor =
                    phases |> List.map (fun (a, z) -> a * f z) |> List.reduce (+)

                Tensor.stack 1L [ part _.cos(); part _.sin() ])

        exact
            "wave between walls"
            1e-3
            (Term.system [ Term.ofComponent 1 Term.value; Term.ofComponent 0 Term.laplacian ])
            (Domain.dirichlet [ (0.0, Math.PI) ])
            2.0
            (fun t x ->
                let x = axis 0 x
                let first, second = x.sin (), (3.0 * x).sin()

                Tensor.stack
                    1L
                    [
                        cos t * first + 0.3 * cos (3.0 * t) * second
                        -(sin t * first + 0.9 * sin (3.0 * t) * second)
                    ])

        { exact "a bar between walls" 1e-3 (0.1 * Term.laplacian) (Domain.box [ (0.0, 1.0) ]) 1.0 (fun t x ->
              axis 0 x + exp (-0.1 * Math.PI * Math.PI * t) * (Math.PI * axis 0 x).sin()) with
            Walls =
                [
                    Wall.dirichlet (Side.Low 0) (Wall.constant 0.0)
                    Wall.dirichlet (Side.High 0) (Wall.constant 1.0)
                ]
        }
    ]

let wanted = List.tail (List.ofArray fsi.CommandLineArgs)

let chosen =
    problems
    |> List.filter (fun problem -> wanted.IsEmpty || wanted |> List.exists problem.Name.Contains)

let processorSeconds () =
    Process.GetCurrentProcess().TotalProcessorTime.TotalSeconds

torch.set_num_threads 1
printfn "%-24s %8s %9s %9s %7s %6s %9s" "equation" "asked" "believed" "true" "ratio" "runs" "seconds"

let made =
    [
        for problem in chosen do
            let before = processorSeconds ()

            use automatic =
                AutomaticEvolution.solveWithWalls
                    Run.quiet
                    problem.Tolerance
                    problem.Walls
                    problem.Equation
                    problem.Domain
                    problem.Initial
                    (0.0, problem.Until)

            let seconds = processorSeconds () - before

            let squares =
                [
                    for t in times problem.Until ->
                        let u = problem.Exact t
                        let off = Solution.evaluate t problem.Points automatic.Solution - u
                        Tensor.rms off ** 2.0, Tensor.rms u ** 2.0
                ]

            let error = sqrt (List.sumBy fst squares / List.sumBy snd squares)
            let ratio = automatic.Error / error

            printfn
                "%-24s %8.0e %9.1e %9.1e %7.2f %6d %9.1f"
                problem.Name
                problem.Tolerance
                automatic.Error
                error
                ratio
                automatic.Runs.Length
                seconds

            Console.Out.Flush()
            error <= problem.Tolerance, max ratio (1.0 / ratio), seconds
    ]

printResult
    [
        "problems", float made.Length
        "withinTolerance", made |> List.filter (fun (met, _, _) -> met) |> List.length |> float
        "beliefOffAtMost", made |> List.map (fun (_, ratio, _) -> ratio) |> List.max
        "seconds", made |> List.sumBy (fun (_, _, seconds) -> seconds)
    ]

module Mne.Functional.Tests.AutomaticEvolutionTests

open System
open Expecto
open TorchSharp
open Mne.Functional
open Mne.Functional.References
open Mne.Functional.Tests.Waves

/// The true error beside the believed one, as that is defined: relative, over space and ten times.
let private errorOf (exact: float -> Tensor -> Tensor) (points: Tensor) t1 (automatic: AutomaticSolution) : float =
    let squares =
        [
            for k in 1..10 ->
                let t = t1 * float k / 10.0
                let u = exact t points
                let off = Solution.evaluate t points automatic.Solution - u
                Tensor.rms off ** 2.0, Tensor.rms u ** 2.0
        ]

    sqrt (List.sumBy fst squares / List.sumBy snd squares)

/// The error is within the tolerance, and within a factor 4 of what is believed.
let private keepsItsWord exact points t1 (automatic: AutomaticSolution) =
    let error = errorOf exact points t1 automatic
    Expect.isTrue automatic.Met $"{automatic}"
    Expect.isLessThan error automatic.Tolerance $"the tolerance: {automatic}"
    Expect.isLessThan error (4.0 * automatic.Error) $"believed too small: {automatic}"
    Expect.isGreaterThan error (0.25 * automatic.Error) $"believed too large: {automatic}"

let private quick = Run.quiet

[<Tests>]
let tests =
    testList
        "AutomaticEvolution"
        [
            test "Fisher's equation is solved from a tolerance alone, and the belief is near the truth" {
                use _ = torch.NewDisposeScope()

                let equation: Spectral1D.Equation =
                    {
                        Low = 0.0
                        High = 2.0 * Math.PI
                        Linear = fun k -> Numerics.Complex(1.0 - 0.1 * k * k, 0.0)
                        Outer = fun _ -> Numerics.Complex(-1.0, 0.0)
                        Inner = fun u -> u * u
                    }

                let times = [| for k in 1..10 -> 0.1 * float k |]

                let reference =
                    (Spectral1D.converged 1e-9 equation (fun x -> 0.5 + 0.4 * cos x) 64 100 times).Solution

                let rows = Spectral1D.onGrid 128 reference

                let points =
                    Spectral1D.grid 0.0 (2.0 * Math.PI) 128
                    |> Tensor.ofArray double
                    |> _.unsqueeze(1L)

                let exact t (_: Tensor) =
                    Tensor.ofArray double rows[int (Math.Round(10.0 * t)) - 1]

                use automatic =
                    AutomaticEvolution.solve
                        quick
                        1e-3
                        (0.1 * Term.laplacian + Term.value - Term.pown 2 Term.value)
                        circle
                        (fun x -> 0.5 + 0.4 * x.squeeze(1L).cos())
                        (0.0, 1.0)

                keepsItsWord exact points 1.0 automatic
            }

            test "a system on a square, exactly known: one component turns into the other while both decay" {
                use _ = torch.NewDisposeScope()
                let square = Domain.periodic [ (0.0, 2.0 * Math.PI); (0.0, 2.0 * Math.PI) ]

                /// (cos t, sin t) e^{−0.2 t} sin(x) cos(y): Δ gives −2.
                let exact t (x: Tensor) =
                    let shape = x.select(1L, 0L).sin() * x.select(1L, 1L).cos()
                    let decay = exp (-0.2 * t)
                    Tensor.stack 1L [ shape * (decay * cos t); shape * (decay * sin t) ]

                let part k = Term.ofComponent k Term.value
                let diffusion k = 0.1 * Term.ofComponent k Term.laplacian

                use automatic =
                    AutomaticEvolution.solve
                        quick
                        3e-2
                        (Term.system [ diffusion 0 - part 1; diffusion 1 + part 0 ])
                        square
                        (fun x -> exact 0.0 x)
                        (0.0, 0.5)

                let points = Collocation.points double 5 (Collocation.uniform square 400)
                let error = errorOf exact points 0.5 automatic
                Expect.isTrue automatic.Met $"{automatic}"
                Expect.isLessThan error automatic.Tolerance $"{automatic}"
                Expect.isLessThan error (4.0 * automatic.Error) $"{automatic}"
            }

            test "waves without damping, for which networks are lost, are solved by sums of waves" {
                use _ = torch.NewDisposeScope()
                let string = Domain.dirichlet [ (0.0, Math.PI) ]

                /// Two modes of a string, displacement and velocity.
                let exact t (x: Tensor) =
                    let x = x.squeeze 1L
                    let first, third = x.sin (), 0.3 * (3.0 * x).sin()

                    Tensor.stack
                        1L
                        [
                            cos t * first + cos (3.0 * t) * third
                            -(sin t * first) - 3.0 * sin (3.0 * t) * third
                        ]

                use automatic =
                    AutomaticEvolution.solve
                        quick
                        1e-3
                        (Term.system [ Term.ofComponent 1 Term.value; Term.ofComponent 0 Term.laplacian ])
                        string
                        (exact 0.0)
                        (0.0, 2.0)

                let points = Collocation.points double 5 (Collocation.uniform string 200)
                keepsItsWord exact points 2.0 automatic
                Expect.isTrue (List.last automatic.Runs).Waves "by waves"
            }

            test "a bar between walls that are kept at 0 and 1, exactly known" {
                use _ = torch.NewDisposeScope()
                let bar = Domain.box [ (0.0, 1.0) ]

                let exact t (x: Tensor) =
                    let x = x.squeeze 1L
                    x + exp (-0.1 * Math.PI * Math.PI * t) * (Math.PI * x).sin()

                use automatic =
                    AutomaticEvolution.solveWithWalls
                        quick
                        1e-2
                        [
                            Wall.dirichlet (Side.Low 0) (Wall.constant 0.0)
                            Wall.dirichlet (Side.High 0) (Wall.constant 1.0)
                        ]
                        (0.1 * Term.laplacian)
                        bar
                        (exact 0.0)
                        (0.0, 1.0)

                let points = Collocation.points double 5 (Collocation.uniform bar 200)
                let error = errorOf exact points 1.0 automatic
                Expect.isTrue automatic.Met $"{automatic}"
                Expect.isLessThan error automatic.Tolerance $"{automatic}"
                Expect.isLessThan error (4.0 * automatic.Error) $"{automatic}"
            }

            test "runs are told, from the coarsest on, and a tighter tolerance gives finer ones" {
                use _ = torch.NewDisposeScope()

                let solve tolerance =
                    AutomaticEvolution.solve
                        quick
                        tolerance
                        (0.1 * Term.laplacian)
                        circle
                        (fun x -> x.squeeze(1L).sin())
                        (0.0, 0.5)

                use coarse = solve 3e-2
                use fine = solve 1e-3
                Expect.isGreaterThanOrEqual coarse.Runs.Length 2 "two runs at least"
                Expect.isTrue (Double.IsNaN coarse.Runs.Head.Difference) "the first has none before it"
                Expect.isGreaterThan coarse.Runs.Tail.Head.Units coarse.Runs.Head.Units "another network"

                let smallest (automatic: AutomaticSolution) =
                    automatic.Runs |> List.map _.Regularisation |> List.min

                Expect.isLessThan (smallest fine) (smallest coarse) "λ"
                Expect.stringContains (string fine) "as asked (0.001)" "in words"
            }

            test "the same seed gives the same bits, and no tensors are left" {
                let solve () =
                    use automatic =
                        AutomaticEvolution.solve
                            quick
                            1e-2
                            (0.1 * Term.laplacian)
                            circle
                            (fun x -> x.squeeze(1L).sin())
                            (0.0, 0.2)

                    use at = Scope.keep (fun () -> Tensor.ofRows double [ [ 0.3 ]; [ 2.0 ] ])
                    use u = Solution.evaluate 0.2 at automatic.Solution
                    Tensor.toArray u

                let first = solve ()
                Assert.frees (fun () -> Expect.equal (solve ()) first "again")
            }

            test "in single precision too, where u is steep somewhere" {
                use _ = torch.NewDisposeScope()

                /// A bump that is carried around: steep in few places.
                let exact t (x: Tensor) =
                    (40.0 .* ((x.squeeze 1L .- (Math.PI + t)).cos() .- 1.0)).exp()

                use automatic =
                    AutomaticEvolution.solve
                        { quick with
                            Placement = Placement.float32
                        }
                        3e-2
                        -(Term.partial 0 1)
                        circle
                        (exact 0.0)
                        (0.0, 0.5)

                let points = Collocation.points Placement.float32 5 (Collocation.uniform circle 400)

                let error = errorOf exact points 0.5 automatic
                Expect.isTrue automatic.Met $"{automatic}"
                Expect.isLessThan error automatic.Tolerance $"{automatic}"
            }

            test "what does not suit is refused" {
                let solve tolerance domain =
                    AutomaticEvolution.solve quick tolerance Term.laplacian domain (fun x -> x.squeeze 1L) (0.0, 1.0)
                    |> ignore

                Check.refuses [ "tolerance"; "0" ] (fun () -> solve 0.0 circle)
                Check.refuses [ "tolerance"; "NaN" ] (fun () -> solve nan circle)
                Check.refuses [ "domain"; "unbounded" ] (fun () -> solve 1e-3 (Domain.euclidean 1))

                let disc (x: Tensor) = 1.0 .- (x * x).sum 1L

                Check.refuses [ "walls"; "shape"; "Collocation.inside" ] (fun () ->
                    AutomaticEvolution.solveWithWalls
                        quick
                        1e-2
                        [ Wall.dirichlet (Side.Shape disc) (Wall.constant 0.0) ]
                        Term.laplacian
                        (Domain.box [ (-1.0, 1.0); (-1.0, 1.0) ])
                        disc
                        (0.0, 1.0)
                    |> ignore)
            }
        ]

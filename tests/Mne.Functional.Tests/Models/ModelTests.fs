module Mne.Functional.Tests.ModelTests

open System
open Expecto
open TorchSharp
open Mne.Functional
open Mne.Functional.References

let private run = { Run.quiet with Seed = 3 }

let private small =
    { Posterior.defaults with
        Count = 2000
        Particles = 2000
    }

let private tensor (values: float list) =
    Tensor.ofArray Placement.float64 (Array.ofList values)

/// μ and log σ² with conjugate priors would do; this one is checked by quadrature: observations, a mean, a deviation, and a share.
let private observed = [ 1.2; -0.4; 0.9; 2.2; 0.3 ]

let private model () =
    let y = tensor observed

    Model.create [ Parameter.real "mu"; Parameter.positive "sigma"; Parameter.unit "share" ] (fun p ->
        [
            Distribution.Normal(p["mu"], 0.0, 2.0)
            Distribution.Exponential(p["sigma"], 1.0)
            Distribution.Beta(p["share"], 2.0, 3.0)
            Distribution.Normal(y, p["mu"], p["sigma"])
        ])

/// log of the joint density of μ and σ (that of the share integrates to 1).
let private logJoint (mu: float) (sigma: float) =
    let normal m s x =
        MathNet.Numerics.Distributions.Normal.PDFLn(m, s, x)

    normal 0.0 2.0 mu - sigma + List.sumBy (normal mu sigma) observed

let private weightedMean (name: string) (draws: NamedDraws) : float[] =
    Scope.free (fun () ->
        let weights = draws.LogWeights.softmax 0L
        let values = (draws |> NamedDraws.values name).reshape(draws.Values.shape[0], -1L)
        Tensor.toArray ((weights.unsqueeze 1L * values).sum 0L))

[<Tests>]
let tests =
    testList
        "Model"
        [
            test "evidence and means are those of quadrature, in the parameters' own units" {
                let moments =
                    // σ on a logarithmic axis, with its Jacobian.
                    Quadrature.moments [| -4.0, 5.0, 361; -3.0, 3.0, 361 |] (fun x -> logJoint x[0] (exp x[1]) + x[1])

                let sigma =
                    let logZ f =
                        Quadrature.logIntegral -3.0 3.5 (fun s ->
                            Quadrature.logIntegral -6.0 7.0 (fun mu -> logJoint mu (exp s) + s + f s))

                    exp (logZ id - logZ (fun _ -> 0.0)), logZ (fun _ -> 0.0)

                use inference =
                    model ()
                    |> Model.derived "doubled" (fun p -> 2.0 .* p["mu"])
                    |> Model.sample run small

                let error = inference.Posterior.LogNormaliser
                Expect.isLessThan (abs (error.Value - snd sigma)) (4.0 * error.StandardError + 1e-3) $"{inference}"
                Expect.isLessThan (abs ((weightedMean "mu" inference.Draws)[0] - moments.Mean[0])) 0.08 "mu"

                Expect.isLessThan
                    (abs ((weightedMean "doubled" inference.Draws)[0] - 2.0 * moments.Mean[0]))
                    0.16
                    "doubled"

                Expect.isLessThan (abs ((weightedMean "sigma" inference.Draws)[0] - fst sigma)) 0.08 "sigma"
                Expect.isLessThan (abs ((weightedMean "share" inference.Draws)[0] - 0.4)) 0.03 "share"
                Expect.equal (NamedDraws.labels inference.Draws) [ "mu"; "sigma"; "share"; "doubled" ] "labels"
                Expect.isLessThanOrEqual inference.Posterior.Verdict Verdict.Doubtful "verdict"
            }

            Check.scoped "the density is that of the parameters with the Jacobian" (fun () ->
                let y = Check.normal 4 [ 5; 3 ]
                let energies = Tensor.toArray ((Model.density (model ())).Energy y)
                let y = Tensor.toArray2D y

                for i in 0..4 do
                    let share = 1.0 / (1.0 + exp -y[i, 2])

                    let expected =
                        logJoint y[i, 0] (exp y[i, 1])
                        + MathNet.Numerics.Distributions.Beta.PDFLn(2.0, 3.0, share)
                        + y[i, 1]
                        + log (share * (1.0 - share))

                    Expect.floatClose Accuracy.high -energies[i] expected $"row {i}")

            Check.scoped
                "quantities of every shape come back under their names, and their points are found again"
                (fun () ->
                    let model =
                        Model.create
                            [
                                Parameter.vector 2 "a"
                                Parameter.simplex 3 "rows" |> Parameter.repeated [ 2 ]
                                Parameter.correlation 3 "R"
                                Parameter.angle "phi"
                            ]
                            (fun p -> [ p["a"]; p["rows"]; p["R"]; p["phi"] ])
                        |> Model.derived "norm" (fun p -> p["a"].norm(1))
                        |> Model.derived "spread" (fun p -> p["R"] * p["norm"].unsqueeze -1L)

                    Expect.equal model.Dimension (2 + 4 + 3 + 2) "dimension"
                    let y = Check.normal 7 [ 6; 11 ]
                    let draws = model |> Model.constrained y
                    let labels = NamedDraws.labels draws
                    Expect.equal labels[2] "rows[1,1]" "labels"
                    Expect.equal labels[labels.Length - 1] "spread[3,3]" "labels"
                    Expect.equal (draws |> NamedDraws.values "phi").shape [| 6L |] "a number"
                    Expect.equal (draws |> NamedDraws.values "norm").shape [| 6L |] "a derived number"
                    Expect.equal (draws |> NamedDraws.values "R").shape [| 6L; 3L; 3L |] "a matrix"
                    let sums = (draws |> NamedDraws.values "rows").sum 2L
                    Check.close 1e-14 "simplices" sums (torch.ones_like sums)
                    let again = model |> Model.constrained (Model.unconstrained draws model)
                    Check.close 1e-12 "there and back" again.Values draws.Values)

            Check.scoped "given a parameter, the others have the joint density" (fun () ->
                let given = model () |> Model.conditioned "sigma" [ 0.7 ]
                Expect.equal given.Dimension 2 "dimension"
                let y = Check.normal 4 [ 5; 2 ]
                let energies = Tensor.toArray ((Model.density given).Energy y)
                let y = Tensor.toArray2D y

                for i in 0..4 do
                    let share = 1.0 / (1.0 + exp -y[i, 1])

                    let expected =
                        logJoint y[i, 0] 0.7
                        + MathNet.Numerics.Distributions.Beta.PDFLn(2.0, 3.0, share)
                        + log (share * (1.0 - share))

                    Expect.floatClose Accuracy.high -energies[i] expected $"row {i}")

            Check.scoped
                "points in pieces have the values and both derivatives of all at once, in bounded memory"
                (fun () ->
                    let n = 3000
                    let y = Check.normal 9 [ n ]

                    let wide =
                        Model.create
                            [ Parameter.real "mu"; Parameter.positive "sigma"; Parameter.real "skew" ]
                            (fun p ->
                                [
                                    Distribution.Normal(p["mu"], 0.0, 2.0)
                                    Distribution.Normal(p["skew"], 0.0, 1.0)
                                    Distribution.Exponential(p["sigma"], 1.0)
                                    Distribution.Logistic(y, p["mu"] .+ p["skew"] * y.unsqueeze(0L).sin(), p["sigma"])
                                ])

                    let energy = (Model.density wide).Energy
                    let points = 0.5 .* Check.normal 2 [ 200; 3 ]

                    let oneByOne (f: Tensor -> Tensor) : Tensor =
                        Tensor.concatenate 0L [ for i in 0L .. 199L -> f (points.narrow (0L, i, 1L)) ]

                    Check.close 1e-13 "values" (energy points) (oneByOne energy)
                    Check.close 1e-12 "gradients" (Diff.grad energy points) (oneByOne (Diff.grad energy))
                    Check.close 1e-12 "Hessians" (Diff.hessian energy points) (oneByOne (Diff.hessian energy))
                    // A function with a second derivative in one direction only, and one that is linear.
                    let v = Check.normal 3 [ 50; 3 ]

                    for f in
                        [
                            fun (x: Tensor) -> (x.select (1L, 0L)).Square()
                            fun (x: Tensor) -> x.sum 1L
                        ] do
                        let pieces = Piecewise.evaluate (1 <<< 17) f
                        Check.close 1e-14 "slopes" (Diff.grad pieces v) (Diff.grad f v)
                        Check.close 1e-14 "curvature" (Diff.hessian pieces v) (Diff.hessian f v))

            test "a linear regression is what its rows sum to" {
                Scope.free (fun () ->
                    let x, y = Check.normal 1 [ 30; 3 ], 1e3 .+ Check.normal 2 [ 30 ]
                    let likelihood = Likelihood.linear x y
                    let β, σ = 5.0 .* Check.normal 3 [ 4; 3 ], (Check.normal 4 [ 4; 1 ]).exp()
                    let rows = Distribution.Normal(y, β.mm (x.t ()), σ)
                    Check.close 1e-13 "sum" (likelihood β σ) (rows.sum (1L, true))
                    // More coefficients than observations.
                    let few = Likelihood.linear (x.narrow (0L, 0L, 2L)) (y.narrow (0L, 0L, 2L))
                    Check.close 1e-13 "few" (few β σ) ((rows.narrow (1L, 0L, 2L)).sum(1L, true)))
            }

            test "what does not fit is refused, and named" {
                let refuse parts (body: unit -> 'a) =
                    Check.refuses parts (fun () -> body () |> ignore)

                let one logDensity =
                    Model.create [ Parameter.real "mu" ] logDensity

                let points = Tensor.ofRows Placement.float64 [ [ 0.0 ]; [ 1.0 ]; [ 2.0 ] ]
                let energy (model: Model) = (Model.density model).Energy points
                refuse [ "parameters: found none" ] (fun () -> Model.create [] (fun _ -> []))

                refuse [ "\"a\" twice" ] (fun () ->
                    Model.create [ Parameter.real "a"; Parameter.positive "a" ] (fun _ -> []))

                refuse [ "name: found no name" ] (fun () -> Parameter.real " ")
                refuse [ "found no terms" ] (fun () -> energy (one (fun _ -> [])))
                refuse [ "found \"sigma\""; "\"mu\"" ] (fun () -> energy (one (fun p -> [ p["sigma"] ])))

                refuse [ "term 2"; "a row for each of 3 points" ] (fun () ->
                    energy (one (fun p -> [ p["mu"]; tensor [ 1.0; 2.0 ] ])))

                refuse [ "name: found \"mu\" twice" ] (fun () ->
                    one (fun p -> [ p["mu"] ]) |> Model.derived "mu" (fun p -> p["mu"]))

                refuse [ "found \"nu\""; "\"mu\"" ] (fun () -> model () |> Model.conditioned "nu" [ 1.0 ])

                refuse [ "a positive number" ] (fun () -> model () |> Model.conditioned "sigma" [ -1.0 ])
                refuse [ "values: found 2, wanted 1" ] (fun () -> model () |> Model.conditioned "sigma" [ 1.0; 2.0 ])
                refuse [ "only parameter" ] (fun () -> one (fun p -> [ p["mu"] ]) |> Model.conditioned "mu" [ 1.0 ])
                refuse [ "points"; "3" ] (fun () -> model () |> Model.constrained points)

                refuse [ "a row for each of 3 points" ] (fun () ->
                    one (fun p -> [ p["mu"] ])
                    |> Model.derived "sum" (fun p -> p["mu"].sum())
                    |> Model.constrained points)
            }

            test "derivatives in pieces leave nothing behind" {
                use y = Check.normal 9 [ 2000 ]

                let wide =
                    Model.create [ Parameter.real "mu" ] (fun p -> [ Distribution.Logistic(y, p["mu"], 1.0) ])

                let energy = (Model.density wide).Energy
                use points = Check.normal 2 [ 300; 1 ]

                Assert.frees (fun () ->
                    use _ = Diff.grad energy points
                    use _ = Diff.hessian energy points
                    ())
            }

            test "nothing is left behind" {
                let model = model () |> Model.derived "doubled" (fun p -> 2.0 .* p["mu"])

                Assert.frees (fun () ->
                    use inference = model |> Model.sample run small
                    use points = model |> Model.unconstrained inference.Draws
                    use _ = model |> Model.constrained points
                    ())
            }
        ]

[<Tests>]
let data =
    testList
        "Data"
        [
            Check.scoped "JSON as Stan writes it" (fun () ->
                let data =
                    Data.ofJson
                        """{ "J": 3, "y": [28, 8.5, -3e1], "X": [[1, 2, 3], [4, 5, 6]], "odd": [[1], [2, 3]], "word": "abc", "none": [], "edge": ["-Inf", 1] }"""

                Expect.equal (Data.count "J" data) 3 "count"
                Expect.equal (Tensor.toArray data["y"]) [| 28.0; 8.5; -30.0 |] "vector"
                Expect.equal data["X"].shape [| 2L; 3L |] "matrix"
                Expect.equal (Tensor.toArray data["X"]) [| 1.0 .. 6.0 |] "row by row"
                Expect.equal data["none"].shape [| 0L |] "empty"
                Expect.equal (Tensor.toArray data["edge"]) [| -infinity; 1.0 |] "infinite"
                Check.refuses [ "\"odd\""; "different lengths" ] (fun () -> data["odd"] |> ignore)
                Check.refuses [ "\"word\""; "abc" ] (fun () -> data["word"] |> ignore)
                Check.refuses [ "found \"z\""; "\"y\"" ] (fun () -> data["z"] |> ignore)
                Check.refuses [ "\"y\""; "wanted one number" ] (fun () -> Data.count "y" data |> ignore)
                Check.refuses [ "text: this is not JSON" ] (fun () -> Data.ofJson "{ \"y\": [1, " |> ignore)
                Check.refuses [ "text: found Array" ] (fun () -> Data.ofJson "[1, 2]" |> ignore)

                for read in [ Data.json; Data.csv ] do
                    for path, found in [ "", "empty path"; "a\000b", "NUL" ] do
                        Check.refuses [ "path"; found ] (fun () -> read path |> ignore))

            Check.scoped "comma-separated text" (fun () ->
                let data =
                    Data.ofCsv "age, \"height, cm\",name\r\n1,74.5,\"a \"\"b\"\"\"\r\n\r\n2,-8.62e1,c\r\n"

                Expect.equal data.Names [ "age"; "height, cm"; "name" ] "names"
                Expect.equal (Tensor.toArray data["age"]) [| 1.0; 2.0 |] "numbers"
                Expect.equal (Tensor.toArray data["height, cm"]) [| 74.5; -86.2 |] "numbers"
                Check.refuses [ "\"name\""; "line 2"; "a \"b\"" ] (fun () -> data["name"] |> ignore)
                Check.refuses [ "line 3 has 1 fields" ] (fun () -> Data.ofCsv "a,b\n1,2\n3\n" |> ignore)
                Check.refuses [ "called \"a\"" ] (fun () -> Data.ofCsv "a,a\n1,2\n" |> ignore)
                Check.refuses [ "one row at least" ] (fun () -> Data.ofCsv "a,b\n" |> ignore))
        ]

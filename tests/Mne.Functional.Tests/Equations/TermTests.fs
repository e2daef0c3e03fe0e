module Mne.Functional.Tests.TermTests

open System
open Expecto
open FsCheck
open FsCheck.FSharp
open TorchSharp
open Mne.Functional

/// A function with a closed form, as a generic network: u = sin x · cos 2y · θ₀, on the plane.
let private network =
    Network.ofFunction (Domain.euclidean 2) 1 (fun placement _ -> Tensor.ones placement [ 1 ]) (fun θ x ->
        x.select(1L, 0L).sin() * (2.0 * x.select (1L, 1L)).cos() * θ[0])

let private amplitude = 1.7

/// Values at t and N points of what the term sees.
let private local term t (points: Tensor) =
    {
        Time = t
        Points = points
        Jet = Network.jet (Term.needs 2 term) network (Tensor.ofArray Placement.float64 [| amplitude |]) points
    }

let private evaluate term t points =
    Term.evaluate term (local term t points)

let transport =
    Term.transport "v" (fun t x -> t * torch.stack ([| x.select (1L, 1L); -x.select(1L, 0L) |], 1L))

let wave = Term.known "w" (fun t x -> (x.select (1L, 0L) + t).cos())

/// Terms with the formula that they stand for, by hand: f t x y.
let private closedForms: (Term * (float -> float -> float -> float)) list =
    let u x y = amplitude * sin x * cos (2.0 * y)
    let ux x y = amplitude * cos x * cos (2.0 * y)

    let uy x y =
        -2.0 * amplitude * sin x * sin (2.0 * y)

    [
        Term.value, (fun _ x y -> u x y)
        Term.laplacian, (fun _ x y -> -5.0 * u x y)
        Term.partial 0 1, (fun _ x y -> ux x y)
        Term.partial 0 2, (fun _ x y -> -(u x y))
        Term.partial 1 3, (fun _ x y -> -4.0 * uy x y)
        Term.partial 1 4, (fun _ x y -> 16.0 * u x y)
        Term.mixed 0 1, (fun _ x y -> -2.0 * amplitude * cos x * sin (2.0 * y))
        Term.mixed 1 0, (fun _ x y -> -2.0 * amplitude * cos x * sin (2.0 * y))
        Term.mixed 1 1, (fun _ x y -> -4.0 * u x y)
        Term.gradientNormSquared, (fun _ x y -> ux x y ** 2.0 + uy x y ** 2.0)
        Term.number 3.5, (fun _ _ _ -> 3.5)
        transport, (fun t x y -> t * (y * ux x y - x * uy x y))
        wave, (fun t x _ -> cos (x + t))
        wave * Term.value, (fun t x y -> cos (x + t) * u x y)
        Term.pown 2 Term.value, (fun _ x y -> u x y ** 2.0)
        Term.pown 3 Term.value, (fun _ x y -> u x y ** 3.0)
        Term.pown 5 (Term.partial 0 1), (fun _ x y -> ux x y ** 5.0)
        Term.value ** 3, (fun _ x y -> u x y ** 3.0)
        Term.value ** -2, (fun _ x y -> u x y ** -2.0)
        (2.0 + Term.value) ** 0.5, (fun _ x y -> sqrt (2.0 + u x y))
        Term.value ** 2.0, (fun _ x y -> u x y ** 2.0)
        2 * Term.value - 1, (fun _ x y -> 2.0 * u x y - 1.0)
        1 + Term.value * 3, (fun _ x y -> 1.0 + 3.0 * u x y)
        4 - Term.value / 2 + 1, (fun _ x y -> 5.0 - 0.5 * u x y)
        1 / (Term.value + 3), (fun _ x y -> 1.0 / (u x y + 3.0))
        sin Term.value, (fun _ x y -> sin (u x y))
        cos Term.value, (fun _ x y -> cos (u x y))
        exp Term.value, (fun _ x y -> exp (u x y))
        tanh Term.value, (fun _ x y -> tanh (u x y))
        log (Term.value + 3), (fun _ x y -> log (u x y + 3.0))
        sqrt (Term.value + 3), (fun _ x y -> sqrt (u x y + 3.0))
        Term.diffusion (Term.number 0.3), (fun _ x y -> -1.5 * u x y)
        Term.diffusion Term.value, (fun _ x y -> -5.0 * u x y ** 2.0 + ux x y ** 2.0 + uy x y ** 2.0)
        Term.diffusion wave, (fun t x y -> -5.0 * cos (x + t) * u x y - sin (x + t) * ux x y)
        Term.diffusion (wave * Term.value ** 2 + 1),
        (fun t x y ->
            let w, v = cos (x + t), u x y
            let along = -sin(x + t) * v * v + 2.0 * w * v * ux x y
            -5.0 * (w * v * v + 1.0) * v + along * ux x y + 2.0 * w * v * uy x y ** 2.0)
        Term.diffusion (Term.pointwise "f" (fun t x v -> t * x.select (1L, 1L) * v.sin ()) Term.value),
        (fun t x y ->
            let v = u x y
            let byPlace = t * sin v * uy x y
            let byValue = t * y * cos v * (ux x y ** 2.0 + uy x y ** 2.0)
            -5.0 * t * y * sin v * v + byPlace + byValue)
        Term.pown 0 Term.value, (fun _ _ _ -> 1.0)
        Term.pown 1 Term.value, (fun _ x y -> u x y)
        Term.map "exp" (fun a -> a.exp ()) (2.0 * Term.value), (fun _ x y -> exp (2.0 * u x y))
        5e-3 * Term.laplacian + Term.value - Term.pown 3 Term.value,
        (fun _ x y -> -0.025 * u x y + u x y - u x y ** 3.0)
        1.0 - Term.value / 4.0 + 2.0, (fun _ x y -> 3.0 - u x y / 4.0)
        -(Term.value + 1.0) * 2.0 - 3.0, (fun _ x y -> -2.0 * (u x y + 1.0) - 3.0)
        Term.laplacian / (1.0 + Term.pown 2 Term.value), (fun _ x y -> -5.0 * u x y / (1.0 + u x y ** 2.0))
        2.0 / (3.0 + Term.value) - wave / Term.number 4.0, (fun t x y -> 2.0 / (3.0 + u x y) - cos (x + t) / 4.0)
        Term.pointwise "f" (fun t x u -> t * u + x.select (1L, 1L) * u.square ()) (2.0 * Term.value),
        (fun t x y -> 2.0 * t * u x y + 4.0 * y * u x y ** 2.0)
        Term.custom "uΔu/t" [ Derivative.Laplacian ] (fun local ->
            Jet.value local.Jet * Jet.laplacian local.Jet / local.Time),
        (fun t x y -> -5.0 * u x y ** 2.0 / t)
    ]

type private Terms =
    static member Term() =
        let leaf =
            Gen.oneof
                [
                    Gen.elements
                        [
                            Term.value
                            Term.laplacian
                            Term.partial 0 1
                            Term.mixed 0 1
                            wave
                            transport
                        ]
                    Gen.map (fun n -> Term.number (float n / 4.0)) (Gen.choose (-8, 8))
                ]

        let rec term depth =
            if depth = 0 then
                leaf
            else
                let smaller = term (depth - 1)

                Gen.oneof
                    [
                        leaf
                        Gen.map2 (fun (a: Term) (b: Term) -> a + b) smaller smaller
                        Gen.map2 (fun (a: Term) (b: Term) -> a - b) smaller smaller
                        Gen.map2 (fun (a: Term) (b: Term) -> a * b) smaller smaller
                        Gen.map2 Term.pown (Gen.choose (0, 3)) smaller
                        Gen.map2
                            (fun (a: Term) (b: Term) -> a / (2.0 + Term.map "sin" (fun v -> v.sin ()) b))
                            smaller
                            smaller
                        Gen.map Term.mean smaller
                        Gen.map (Term.map "sin" (fun a -> a.sin ())) smaller
                    ]

        Arb.fromGen (Gen.bind term (Gen.choose (0, 2)))

let private points = lazy (Check.normal 3 [ 6; 2 ]).DetachFromDisposeScope()

let private law name (check: (Term -> Tensor) -> Term -> Term -> Term -> unit) =
    Check.lawOf [ typeof<Terms> ] 25 name (fun a b c ->
        use _ = torch.NewDisposeScope()
        check (fun term -> evaluate term 0.8 points.Value) a b c)

/// Equal at every point, on the scale of the numbers that went in.
let private same (parts: Tensor list) message (actual: Tensor) (expected: Tensor) =
    let scale = parts |> List.map Check.size |> List.fold max 1.0
    Expect.isLessThan (Check.size (actual - expected) / scale) 1e-12 message

[<Tests>]
let tests =
    testList
        "Term"
        [
            for i, (term, formula) in List.indexed closedForms do
                Check.scoped $"value {i}: {Term.show term}" (fun () ->
                    let x, t = Check.normal i [ 7; 2 ], 0.6
                    let rows = Tensor.toArray2D x

                    let expected =
                        Tensor.ofArray Placement.float64 [| for n in 0..6 -> formula t rows[n, 0] rows[n, 1] |]

                    Check.close 1e-12 (Term.show term) (evaluate term t x) expected)

            Check.scoped "mean and centred are over the points" (fun () ->
                let x = Check.normal 1 [ 9; 2 ]
                let u = evaluate Term.value 0.0 x
                Check.close 1e-13 "mean" (evaluate (Term.mean Term.value) 0.0 x) (u.mean().expand 9L)
                Check.close 1e-13 "centred" (evaluate (Term.centred Term.value) 0.0 x) (u - u.mean ())

                let weight, height =
                    Term.map "exp" (fun v -> v.exp ()) -Term.value, Term.known "y" (fun _ x -> x.select (1L, 1L))

                let w, y = (-u).exp(), x.select (1L, 1L)

                Check.close
                    1e-13
                    "weighted mean"
                    (evaluate (Term.weightedMean weight height) 0.0 x)
                    (((w * y).sum() / w.sum ()).expand 9L)

                let variance = Term.mean (Term.pown 2 (Term.centred Term.value))
                Check.close 1e-12 "composed" (evaluate variance 0.0 x) ((u - u.mean ()).square().mean().expand 9L))

            Check.scoped "an interaction is the mean over all points, and on an even grid an integral" (fun () ->
                let x = Check.normal 1 [ 9; 2 ]
                let kernel (x: Tensor) (y: Tensor) = torch.cdist(x, y).square()
                let u = evaluate Term.value 0.0 x |> Tensor.toArray
                let rows = Tensor.toArray2D x

                let byHand =
                    [|
                        for i in 0..8 ->
                            Seq.average
                                [
                                    for j in 0..8 ->
                                        u[j] * ((rows[i, 0] - rows[j, 0]) ** 2.0 + (rows[i, 1] - rows[j, 1]) ** 2.0)
                                ]
                    |]

                Check.close
                    1e-12
                    "by hand"
                    (evaluate (Term.interaction "k" kernel Term.value) 0.0 x)
                    (Tensor.ofArray Placement.float64 byHand)

                // u = a sin x on the line y = 0: ∫ cos(x − z) u(z) dz = π u(x).
                let circle = Tensor.linspace Placement.float64 0.0 (2.0 * Math.PI * 15.0 / 16.0) 16
                let even = Tensor.stack 1L [ circle; torch.zeros_like circle ]

                let convolution =
                    2.0
                    * Math.PI
                    * Term.interaction
                        "cos"
                        (fun x z -> (x.narrow (1L, 0L, 1L) - z.narrow(1L, 0L, 1L).t()).cos())
                        Term.value

                Check.close 1e-12 "integral" (evaluate convolution 0.0 even) (Math.PI * evaluate Term.value 0.0 even))

            law "terms without u in a product are linear in u" (fun _ _ _ _ ->
                // A u for θ = (a), (b) and (a + b): linear terms commute with sums.
                let linear =
                    0.3 * Term.laplacian + transport - wave * Term.partial 0 3
                    + Term.mixed 0 1
                    + Term.mean Term.value
                    + Term.interaction "k" (fun x y -> (-torch.cdist(x, y)).exp()) Term.value

                let jet a =
                    Network.jet (Term.needs 2 linear) network (Tensor.ofArray Placement.float64 [| a |]) points.Value

                let value a =
                    Term.evaluate
                        linear
                        {
                            Time = 0.4
                            Points = points.Value
                            Jet = jet a
                        }

                same [ value 1.3; value -0.4 ] "A(au + bu)" (value 0.9) (value 1.3 + value -0.4))

            Oracle.law "composed terms agree with autograd to 1e-10" 25 (fun a ->
                let d = a.Coordinates.Length
                let θ, x, last = a.Parameters, a.Points 4 0, d - 1
                let local = Oracle.local (a.Forward θ) x

                let u, ux, ulast, Δu =
                    local Derivative.Value,
                    local (Derivative.Partial(0, 1)),
                    local (Derivative.Partial(last, 3)),
                    local Derivative.Laplacian

                for term, expected in
                    [
                        0.1 * Term.laplacian + Term.value - Term.pown 3 Term.value, 0.1 * Δu + u - u * u * u
                        -6.0 * Term.value * Term.partial 0 1 - Term.partial last 3, -6.0 * u * ux - ulast
                        Term.partial 0 1 / (1.0 + Term.pown 2 Term.laplacian), ux / (1.0 + Δu * Δu)
                        Term.gradientNormSquared,
                        [ for k in 0..last -> (local (Derivative.Partial(k, 1))).square() ]
                        |> List.reduce (fun a b -> a + b)
                    ] do
                    let actual =
                        Term.evaluate
                            term
                            {
                                Time = 0.0
                                Points = x
                                Jet = Network.jet (Term.needs d term) a.Network θ x
                            }

                    let scale =
                        1e-300 + (List.map Check.size [ u; ux; ulast; Δu; expected ] |> List.max)

                    Expect.isLessThan (Check.size (actual - expected) / scale) 1e-10 (Term.show term))

            testList
                "of several components"
                [
                    // u₀ = θ₀ sin x cos 2y, u₁ = x y², u₂ = eˣ
                    let three =
                        Network.ofVectorFunction
                            (Domain.euclidean 2)
                            3
                            1
                            (fun placement _ -> Tensor.ones placement [ 1 ])
                            (fun θ p ->
                                let x, y = p.select (1L, 0L), p.select (1L, 1L)
                                Tensor.stack 1L [ θ[0] * x.sin () * (2.0 * y).cos(); x * y.square (); x.exp () ])

                    let evaluate term (points: Tensor) =
                        let θ = Tensor.ofArray Placement.float64 [| amplitude |]

                        Term.evaluate
                            term
                            {
                                Time = 0.0
                                Points = points
                                Jet = Network.jet (Term.needs 2 term) three θ points
                            }

                    let u x y = amplitude * sin x * cos (2.0 * y)

                    for term, formula in
                        [
                            Term.ofComponent 1 Term.value, (fun x y -> x * y * y)
                            Term.ofComponent 1 Term.laplacian, (fun x _ -> 2.0 * x)
                            Term.ofComponent 2 (Term.partial 0 2) + Term.value, (fun x y -> exp x + u x y)
                            Term.ofComponent 1 Term.gradientNormSquared, (fun x y -> y ** 4.0 + 4.0 * x * x * y * y)
                            // What is chosen inside stays.
                            Term.ofComponent 1 (Term.value * Term.ofComponent 2 Term.value),
                            (fun x y -> x * y * y * exp x)
                            Term.ofComponent 1 (Term.pown 2 (Term.value + 1.0)), (fun x y -> (x * y * y + 1.0) ** 2.0)
                            Term.ofComponent 2 (Term.map "log" (fun a -> a.log ()) Term.value), (fun x _ -> x)
                            Term.custom "u₁u₂" [] (fun local ->
                                let part c = Jet.value (Jet.ofComponent c local.Jet)
                                part 1 * part 2),
                            (fun x y -> x * y * y * exp x)
                            Term.ofComponent 2 (Term.custom "u" [] (fun local -> Jet.value local.Jet)),
                            (fun x _ -> exp x)
                        ] do
                        Check.scoped (Term.show term) (fun () ->
                            let points = Check.normal 5 [ 6; 2 ]
                            let rows = Tensor.toArray2D points

                            let expected =
                                Tensor.ofArray Placement.float64 [| for n in 0..5 -> formula rows[n, 0] rows[n, 1] |]

                            Check.close 1e-12 "value" (evaluate term points) expected)

                    Check.scoped "a system has a column for each right-hand side" (fun () ->
                        let points = Check.normal 5 [ 6; 2 ]
                        let parts = [ Term.ofComponent 1 Term.laplacian; Term.value; Term.number 2.0 ]
                        let whole = evaluate (Term.system parts) points
                        Expect.equal whole.shape [| 6L; 3L |] "shape"

                        for c, part in List.indexed parts do
                            Check.identical "column" (whole.select (1L, int64 c)) (evaluate part points))

                    Check.scoped "refuses components that do not exist, and systems within terms" (fun () ->
                        let x = Check.normal 1 [ 5; 2 ]

                        Check.refuses [ "component 3"; "u has 3"; "0 to 2" ] (fun () ->
                            evaluate (Term.ofComponent 3 Term.value) x |> ignore)

                        Check.refuses [ "index"; "-1" ] (fun () -> Term.ofComponent -1 Term.value |> ignore)
                        Check.refuses [ "terms"; "none" ] (fun () -> Term.system [] |> ignore)

                        Check.refuses [ "term"; "system inside another term" ] (fun () ->
                            evaluate (2.0 * Term.system [ Term.value ]) x |> ignore))
                ]

            law "sums and products commute, associate and distribute" (fun value a b c ->
                let va, vb, vc = value a, value b, value c
                same [ va; vb ] "a + b" (value (a + b)) (va + vb)
                same [ va; vb ] "b + a" (value (b + a)) (value (a + b))
                same [ va * vb ] "a b" (value (a * b)) (value (b * a))
                same [ va; vb; vc ] "(a + b) + c" (value ((a + b) + c)) (value (a + (b + c)))
                same [ va * vb * vc ] "(a b) c" (value ((a * b) * c)) (value (a * (b * c)))
                same [ va * vb; va * vc ] "a (b + c)" (value (a * (b + c))) (value (a * b + a * c))
                same [ va; vb ] "a - b" (value (a - b)) (va - vb)
                same [ va; vb ] "a + (-b)" (value (a + -b)) (value (a - b))
                same [ va ] "a - a" (value (a - a)) (torch.zeros_like va))

            law "numbers act as on tensors" (fun value a _ _ ->
                let v = value a
                same [ v ] "2.5 a" (value (2.5 * a)) (2.5 * v)
                same [ v ] "a 2.5" (value (a * 2.5)) (2.5 * v)
                same [ v ] "a / 2.5" (value (a / 2.5)) (v / 2.5)
                same [ v ] "2.5 + a" (value (2.5 + a)) (2.5 + v)
                same [ v ] "a + 2.5" (value (a + 2.5)) (2.5 + v)
                same [ v ] "2.5 - a" (value (2.5 - a)) (2.5 - v)
                same [ v ] "a - 2.5" (value (a - 2.5)) (v - 2.5)
                same [ v ] "-a" (value -a) -v
                same [ v * v * v ] "a³" (value (Term.pown 3 a)) (v * v * v))

            law "a term reads what its parts read" (fun _ a b _ ->
                let needs = Term.needs 2
                Expect.equal (needs (a + b)) (needs a + needs b) "sum"
                Expect.equal (needs (a * b)) (needs a + needs b) "product"
                Expect.equal (needs (Term.mean (Term.map "f" id a))) (needs a) "mean and map")

            test "needs" {
                let first =
                    Set.ofList [ Derivative.Partial(0, 1); Derivative.Partial(1, 1); Derivative.Partial(2, 1) ]

                Expect.equal (Term.needs 3 (Term.number 1.0 + wave)) Set.empty "nothing"
                Expect.equal (Term.needs 3 Term.gradientNormSquared) first "|∇u|²"
                Expect.equal (Term.needs 3 transport) first "b·∇u"
                Expect.equal (Term.needs 3 (Term.mixed 2 1)) (Set.singleton (Derivative.Mixed(1, 2))) "mixed"

                Expect.equal
                    (Term.needs 1 (Term.partial 0 3 + 6.0 * Term.value * Term.partial 0 1))
                    (Set.ofList [ Derivative.Value; Derivative.Partial(0, 1); Derivative.Partial(0, 3) ])
                    "Korteweg and de Vries"
            }

            test "derivatives that no function has are refused where they are written" {
                for parts, build in
                    [
                        [ "order"; "found 5"; "1 to 4" ], (fun () -> Term.partial 0 5)
                        [ "order"; "found 0" ], (fun () -> Term.partial 0 0)
                        [ "axis"; "found -1" ], (fun () -> Term.partial -1 1)
                        [ "found -1" ], (fun () -> Term.mixed 0 -1)
                    ] do
                    Check.refuses parts (build >> ignore)
            }

            testList
                "refuses"
                [
                    let x () = Check.normal 1 [ 5; 2 ]

                    for name, term, parts in
                        [
                            "a known function that returns N × 1",
                            Term.known "source" (fun _ x -> x.narrow (1L, 0L, 1L)),
                            [ "source"; "5 × 1"; "length 5"; "squeeze(1)" ]
                            "a known function that returns a scalar",
                            Term.known "source" (fun _ x -> x.sum ()),
                            [ "source"; "a scalar" ]
                            "a velocity of the wrong dimension",
                            Term.transport "wind" (fun _ x -> x.narrow (1L, 0L, 1L)),
                            [ "wind"; "1 columns"; "dimension 2" ]
                            "a velocity for other points",
                            Term.transport "wind" (fun _ x -> x.narrow (0L, 0L, 2L)),
                            [ "wind"; "2 rows" ]
                            "a velocity for one point",
                            Term.transport "wind" (fun _ x -> x.narrow (0L, 0L, 1L)),
                            [ "wind"; "1 rows" ]
                            "a map that reduces",
                            Term.map "total" (fun a -> a.sum ()) Term.value,
                            [ "total"; "a scalar" ]
                            "a pointwise function that returns N × 1",
                            Term.pointwise "rate" (fun _ x u -> x.narrow (1L, 0L, 1L) * u.unsqueeze 1L) Term.value,
                            [ "rate"; "5 × 1" ]
                            "a kernel of the wrong shape",
                            Term.interaction "K" (fun x _ -> x) Term.value,
                            [ "K"; "5 × 2"; "5 × 5" ]
                            "an axis that the domain does not have",
                            Term.partial 2 1,
                            [ "axis 2"; "dimension 2"; "0 to 1" ]
                            "a derivative of order 5, by its own name",
                            Term.Of(Derivative.Partial(0, 5)),
                            [ "order 5"; "1 to 4" ]
                            "a custom term that returns N × 1",
                            Term.custom "force" [] (fun local -> local.Points.narrow (1L, 0L, 1L)),
                            [ "force"; "5 × 1" ]
                            "a custom term that reads what it did not list",
                            Term.custom "force" [] (fun local -> Jet.laplacian local.Jet),
                            [ "Laplacian"; "not computed" ]
                        ] do
                        Check.scoped name (fun () -> Check.refuses parts (fun () -> evaluate term 0.0 (x ()) |> ignore))

                    Check.scoped "a negative power" (fun () ->
                        Check.refuses [ "exponent"; "-1" ] (fun () -> Term.pown -1 Term.value |> ignore))
                ]

            Check.scoped "nothing is left but the values" (fun () ->
                let term =
                    Term.centred (Term.pown 3 Term.value)
                    + transport * wave
                    + Term.gradientNormSquared

                let local = local term 0.3 (Check.normal 1 [ 5; 2 ])
                Assert.frees (fun () -> (Term.evaluate term local).Dispose()))
        ]

module Mne.Functional.Tests.DiffTests

open System
open Expecto
open FsCheck
open TorchSharp
open Mne.Functional

let private vector values =
    Tensor.ofArray Placement.float64 (Array.ofList values)

let private matrix (rows: float list list) =
    Tensor.ofRows Placement.float64 (rows |> Seq.map Seq.ofList)

let private number value = Tensor.scalar Placement.float64 value

let private close tolerance message (actual: Tensor) (expected: Tensor) =
    Expect.equal actual.shape expected.shape $"{message}: shape"

    for a, e in Array.zip (Tensor.toArray actual) (Tensor.toArray expected) do
        if not (abs (a - e) <= tolerance * (1.0 + abs e)) then
            failtest $"{message}: found {a}, wanted {e}"

let private same message actual expected = close 1e-11 message actual expected

let private power (n: float) (x: Tensor) = x.pow (n.ToScalar())

/// Random smooth fields and the points at which a law is tested.
type private Sample =
    {
        X: Tensor
        V: Tensor
        Scalar: Tensor -> Tensor
        Other: Tensor -> Tensor
        Field: Tensor -> Tensor
        W: Tensor
    }

let private sample d m seed =
    let random = Random(seed: int)

    let uniform r c =
        Tensor.ofArray2D Placement.float64 (Array2D.init r c (fun _ _ -> 2.0 * random.NextDouble() - 1.0))

    let n = 1 + random.Next 4
    let b, c, a, e, o = uniform 5 d, uniform 1 5, uniform m 5, uniform 1 5, uniform 1 5
    let hidden (x: Tensor) = x.matmul (b.t ()) + c.squeeze 0L

    {
        X = uniform n d
        V = uniform n d
        Scalar = fun x -> (hidden x).sin().matmul(e.squeeze 0L)
        Other = fun x -> (hidden x).exp().matmul(o.squeeze 0L) * x.select (-1L, 0L)
        Field = fun x -> (hidden x).tanh().matmul(a.t ())
        W = uniform n m
    }

let private law name (check: int -> Sample -> unit) =
    Check.law 25 name (fun (seed: int) ->
        let d = 1 + abs (seed % 4)
        check d (sample d (1 + abs (seed % 3)) seed))

let private rowsOf (x: Tensor) =
    [ for i in 0 .. Tensor.rows x - 1 -> x[int64 i] ]

/// f(x + h eᵢ) - f(x - h eᵢ) over 2h along each coordinate, stacked along a new last dimension.
let private differences (f: Tensor -> Tensor) (x: Tensor) : Tensor =
    let h = 1e-5

    let along i =
        let step = torch.zeros_like x
        step.select(-1L, i).add_(torch.ones_like x[0L, 0L] * h) |> ignore
        (f (x + step) - f (x - step)) / (2.0 * h)

    torch.stack ([ for i in 0L .. Array.last x.shape - 1L -> along i ], -1L)

let private closedForms =
    testList
        "closed forms"
        [
            test "diff, diff2, diffn of a polynomial" {
                let f (x: Tensor) = power 4.0 x - 3.0 * x.square ()
                let x = number 2.0
                same "first" (Diff.diff f x) (number 20.0)
                same "second" (Diff.diff2 f x) (number 42.0)
                same "third" (Diff.diffn 3 f x) (number 48.0)
                same "fourth" (Diff.diffn 4 f x) (number 24.0)
                same "fifth" (Diff.diffn 5 f x) (number 0.0)
                same "none" (Diff.diffn 0 f x) (number 4.0)
            }
            test "diff of sine and exponential, for each of many numbers" {
                let x = Tensor.linspace Placement.float64 -2.0 2.0 9
                same "sine" (Diff.diff _.sin() x) (x.cos ())
                same "sine, second" (Diff.diff2 _.sin() x) (-x.sin())
                same "exponential" (Diff.diffn 6 (fun x -> (2.0 * x).exp()) x) (64.0 * (2.0 * x).exp())
            }
            test "diff of a curve: a tensor for each number" {
                let circle (t: Tensor) =
                    torch.stack ([ t.cos (); t.sin () ], -1L)

                let t = number 0.3
                same "velocity" (Diff.diff circle t) (vector [ -sin 0.3; cos 0.3 ])
                let many = vector [ 0.1; 0.2; 0.3 ]
                same "acceleration" (Diff.diff2 circle many) (-(circle many))

                let square (t: Tensor) =
                    t * Tensor.ones Placement.float64 [ 2; 2 ]

                same "matrix" (Diff.diff square t) (Tensor.ones Placement.float64 [ 2; 2 ])
            }
            test "ffdiffn gives all orders" {
                let orders = Diff.ffdiffn 3 (fun (x: Tensor) -> power 3.0 x) (number 2.0)
                Expect.equal (orders |> Array.map Tensor.toFloat) [| 8.0; 12.0; 12.0; 6.0 |] "x³ at 2"
            }
            test "quadratic form" {
                let a = matrix [ [ 2.0; 1.0 ]; [ 0.0; 3.0 ] ]
                let f (x: Tensor) = (x.matmul a * x).sum -1L
                let x = matrix [ [ 1.0; 2.0 ]; [ -1.0; 0.5 ]; [ 0.0; 0.0 ] ]
                let symmetric = a + a.t ()
                same "gradient" (Diff.grad f x) (x.matmul symmetric)
                same "hessian" (Diff.hessian f x) (symmetric.expand (3L, 2L, 2L))
                same "laplacian" (Diff.laplacian f x) (vector [ 10.0; 10.0; 10.0 ])
                same "one point" (Diff.hessian f x[0L]) symmetric
            }
            test "rotation and its curl" {
                let omega = vector [ 0.5; -1.0; 2.0 ]

                let rotation (x: Tensor) =
                    torch.linalg.cross (omega.expand_as x, x)

                let x = matrix [ [ 1.0; 2.0; 3.0 ]; [ -1.0; 0.0; 4.0 ] ]
                same "curl is twice the angular velocity" (Diff.curl rotation x) (2.0 * omega.expand_as x)
                same "no divergence" (Diff.divergence rotation x) (vector [ 0.0; 0.0 ])
                let curl, divergence = Diff.curldivergence (fun x -> rotation x + 3.0 * x) x[1L]
                same "curl of one point" curl (2.0 * omega)
                same "divergence of one point" divergence (number 9.0)
            }
            test "jacobian of a field with more and with fewer components than coordinates" {
                let f (x: Tensor) =
                    let a, b = x.select (-1L, 0L), x.select (-1L, 1L)
                    torch.stack ([ a * b; a.square (); b.exp () ], -1L)

                let j a b =
                    [ [ b; a ]; [ 2.0 * a; 0.0 ]; [ 0.0; exp b ] ]

                let x = matrix [ [ 1.0; 2.0 ]; [ 3.0; -1.0 ] ]
                same "batch" (Diff.jacobian f x) (torch.stack [ matrix (j 1.0 2.0); matrix (j 3.0 -1.0) ])
                same "point" (Diff.jacobian f x[1L]) (matrix (j 3.0 -1.0))

                let g (x: Tensor) = x.square().sum(-1L, keepdim = true)
                same "one component" (Diff.jacobian g x) (2.0 * x.unsqueeze 1L)
            }
            test "constants and functions of something else have derivative zero" {
                let x = matrix [ [ 1.0; 2.0; 3.0 ]; [ 4.0; 5.0; 6.0 ] ]
                let n, v = vector [ 7.0; 8.0 ], torch.ones_like x
                let parameter = (vector [ 1.0; 2.0 ]).requires_grad_ true

                for f in
                    [
                        (fun _ -> n)
                        (fun _ -> parameter * 2.0)
                        (fun (x: Tensor) -> x.detach().sum -1L)
                    ] do
                    same "gradient" (Diff.grad f x) (torch.zeros_like x)
                    same "hessian" (Diff.hessian f x) (torch.zeros (2L, 3L, 3L, dtype = x.dtype))
                    same "hessianv" (Diff.hessianv f x v) (torch.zeros_like x)
                    same "laplacian" (Diff.laplacian f x) (torch.zeros_like n)

                same "laplacian of a linear function" (Diff.laplacian (fun x -> x.sum -1L) x) (torch.zeros_like n)

                for f in [ (fun _ -> v); (fun (x: Tensor) -> x.detach ()) ] do
                    same "jacobian" (Diff.jacobian f x) (torch.zeros (2L, 3L, 3L, dtype = x.dtype))
                    same "jacobianv" (Diff.jacobianv f x v) (torch.zeros_like x)
                    same "jacobianTv" (Diff.jacobianTv f x v) (torch.zeros_like x)
                    same "divergence" (Diff.divergence f x) (torch.zeros_like n)
                    same "curl" (Diff.curl f x) (torch.zeros_like x)
                    same "diffn" (Diff.diffn 3 f x) (torch.zeros_like x)
            }
            test "the identity" {
                let x = matrix [ [ 1.0; 2.0 ]; [ 3.0; 4.0 ] ]
                same "jacobian" (Diff.jacobian id x) ((torch.eye (2L, dtype = x.dtype)).expand(2L, 2L, 2L))
                same "jacobianv" (Diff.jacobianv id x x) x
                same "diff" (Diff.diff id x) (torch.ones_like x)
                same "diff2" (Diff.diff2 id x) (torch.zeros_like x)
            }
            test "no points give no rows" {
                let x = Tensor.zeros Placement.float64 [ 0; 3 ]
                Expect.equal (Diff.grad (fun x -> x.square().sum -1L) x).shape [| 0L; 3L |] "gradient"
                Expect.equal (Diff.hessian (fun x -> x.square().sum -1L) x).shape [| 0L; 3L; 3L |] "hessian"
                Expect.equal (Diff.laplacian (fun x -> x.square().sum -1L) x).shape [| 0L |] "laplacian"
            }
            test "single precision stays single" {
                let x = Tensor.ofArray Placement.float32 [| 1.0; 2.0 |]
                let h = Diff.hessian (fun x -> x.prod -1L) x
                Expect.equal h.dtype torch.ScalarType.Float32 "element type"
                Expect.equal (Tensor.toArray h) [| 0.0; 1.0; 1.0; 0.0 |] "values"
            }
        ]

let private laws =
    testList
        "laws"
        [
            law "central differences" (fun _ s ->
                close 1e-8 "gradient" (Diff.grad s.Scalar s.X) (differences s.Scalar s.X)
                close 1e-8 "jacobian" (Diff.jacobian s.Field s.X) (differences s.Field s.X)
                close 1e-8 "hessian" (Diff.hessian s.Other s.X) (differences (Diff.grad s.Other) s.X)

                let line (t: Tensor) =
                    s.Field(s.X[0L] + t.unsqueeze -1L * s.V[0L])

                let t = vector [ 0.1; -0.4 ]
                let h = 1e-5
                close 1e-8 "diff" (Diff.diff line t) ((line (t + h) - line (t - h)) / (2.0 * h)))

            law "linearity" (fun _ s ->
                let both x = 2.0 * s.Scalar x - 0.5 * s.Other x

                let check name (op: (Tensor -> Tensor) -> Tensor -> Tensor) =
                    same name (op both s.X) (2.0 * op s.Scalar s.X - 0.5 * op s.Other s.X)

                check "grad" Diff.grad
                check "hessian" Diff.hessian
                check "laplacian" Diff.laplacian
                check "gradv" (fun f x -> Diff.gradv f x s.V)
                check "hessianv" (fun f x -> Diff.hessianv f x s.V))

            law "the Hessian is symmetric, its trace the Laplacian, its rows the Jacobian of the gradient" (fun _ s ->
                let h = Diff.hessian s.Other s.X
                same "symmetric" h (h.transpose (1L, 2L))
                same "trace" (Diff.laplacian s.Other s.X) (h.diagonal(0L, 1L, 2L).sum -1L)
                same "jacobian" (Diff.jacobian (Diff.grad s.Other) s.X) h
                same "divergence" (Diff.divergence (Diff.grad s.Other) s.X) (Diff.laplacian s.Other s.X))

            law "products with a vector" (fun _ s ->
                let times (m: Tensor) (v: Tensor) = m.matmul(v.unsqueeze -1L).squeeze -1L
                let j = Diff.jacobian s.Field s.X
                same "gradv" (Diff.gradv s.Other s.X s.V) ((Diff.grad s.Other s.X * s.V).sum -1L)
                same "hessianv" (Diff.hessianv s.Other s.X s.V) (times (Diff.hessian s.Other s.X) s.V)
                same "jacobianv" (Diff.jacobianv s.Field s.X s.V) (times j s.V)
                same "jacobianTv" (Diff.jacobianTv s.Field s.X s.W) (times (j.transpose (1L, 2L)) s.W))

            law "jacobianTv is adjoint to jacobianv" (fun _ s ->
                same
                    "w·Jv = v·Jᵀw"
                    ((s.W * Diff.jacobianv s.Field s.X s.V).sum -1L)
                    ((s.V * Diff.jacobianTv s.Field s.X s.W).sum -1L))

            law "a batch is its rows" (fun d s ->
                let square = (sample d d (d + 100)).Field

                let check name (op: Tensor -> Tensor) =
                    same name (op s.X) (rowsOf s.X |> List.map op |> torch.stack)

                let checkWith name (op: Tensor -> Tensor -> Tensor) v =
                    same name (op s.X v) (List.map2 op (rowsOf s.X) (rowsOf v) |> torch.stack)

                check "grad" (Diff.grad s.Other)
                check "hessian" (Diff.hessian s.Other)
                check "laplacian" (Diff.laplacian s.Other)
                check "jacobian" (Diff.jacobian s.Field)
                check "divergence" (Diff.divergence square)
                check "diff2" (Diff.diff2 (fun x -> x.sin ()))
                checkWith "gradv" (Diff.gradv s.Other) s.V
                checkWith "hessianv" (Diff.hessianv s.Other) s.V
                checkWith "jacobianv" (Diff.jacobianv s.Field) s.V
                checkWith "jacobianTv" (Diff.jacobianTv s.Field) s.W

                if d = 3 then
                    check "curl" (Diff.curl square))

            Check.law 25 "divergence of a curl and curl of a gradient vanish" (fun seed ->
                let s = sample 3 3 seed
                let n = int64 (Tensor.rows s.X)
                same "divergence" (Diff.divergence (Diff.curl s.Field) s.X) (torch.zeros (n, dtype = s.X.dtype))
                same "curl" (Diff.curl (Diff.grad s.Other) s.X) (torch.zeros_like s.X)
                let curl, divergence = Diff.curldivergence s.Field s.X
                same "together: curl" curl (Diff.curl s.Field s.X)
                same "together: divergence" divergence (Diff.divergence s.Field s.X))

            Check.law 25 "f-forms give the value and the same derivatives" (fun seed ->
                let s = sample 3 3 seed
                let f, g, x, v = s.Other, s.Field, s.X, s.V

                let pair name h (value, derivative) expected =
                    same $"{name}: value" value (h x)
                    same name derivative expected

                pair "fgrad" f (Diff.fgrad f x) (Diff.grad f x)
                pair "fgradv" f (Diff.fgradv f x v) (Diff.gradv f x v)
                pair "fhessian" f (Diff.fhessian f x) (Diff.hessian f x)
                pair "fhessianv" f (Diff.fhessianv f x v) (Diff.hessianv f x v)
                pair "flaplacian" f (Diff.flaplacian f x) (Diff.laplacian f x)
                pair "fjacobian" g (Diff.fjacobian g x) (Diff.jacobian g x)
                pair "fjacobianv" g (Diff.fjacobianv g x v) (Diff.jacobianv g x v)
                pair "fjacobianTv" g (Diff.fjacobianTv g x v) (Diff.jacobianTv g x v)
                pair "fdivergence" g (Diff.fdivergence g x) (Diff.divergence g x)
                pair "fcurl" g (Diff.fcurl g x) (Diff.curl g x)
                pair "fdiff" _.sin() (Diff.fdiff _.sin() x) (x.cos ())
                pair "fdiff2" _.sin() (Diff.fdiff2 _.sin() x) (-x.sin())
                pair "fdiffn" _.sin() (Diff.fdiffn 3 _.sin() x) (-x.cos())

                let value, curl, divergence = Diff.fcurldivergence g x
                pair "fcurldivergence" g (value, curl) (Diff.curl g x)
                same "fcurldivergence" divergence (Diff.divergence g x)
                let value, gradient, hessian = Diff.fgradhessian f x
                pair "fgradhessian" f (value, gradient) (Diff.grad f x)
                same "fgradhessian" hessian (Diff.hessian f x)
                let value, slope, product = Diff.fgradhessianv f x v
                pair "fgradhessianv" f (value, slope) (Diff.gradv f x v)
                same "fgradhessianv" product (Diff.hessianv f x v)
                let gradient, hessian = Diff.gradhessian f x
                same "gradhessian" gradient (Diff.grad f x)
                same "gradhessian" hessian (Diff.hessian f x)
                let slope, product = Diff.gradhessianv f x v
                same "gradhessianv" slope (Diff.gradv f x v)
                same "gradhessianv" product (Diff.hessianv f x v))
        ]

let private nesting =
    testList
        "nesting"
        [
            test "diff of diff of diff" {
                let f (x: Tensor) = (2.0 * x).sin()
                let x = vector [ 0.3; -0.7 ]
                same "second" (Diff.diff (Diff.diff f) x) (-4.0 * f x)
                same "third" (Diff.diff (Diff.diff (Diff.diff f)) x) (-8.0 * (2.0 * x).cos())
            }
            test "gradient of a sum of Laplacians" {
                let f (x: Tensor) = (power 4.0 x).sum -1L
                let x = matrix [ [ 1.0; 2.0 ]; [ -1.0; 0.5 ] ]
                same "batch" (Diff.grad (Diff.laplacian f) x) (24.0 * x)

                let total (x: Tensor) =
                    (Diff.laplacian f (x.reshape (2L, 2L))).sum()

                same "sum" (Diff.grad total (x.reshape -1L)) (24.0 * x.reshape -1L)
            }
            test "inner and outer derivative are told apart" {
                let one = number 1.0
                let f x = x * Diff.diff (fun y -> x + y) one
                same "d/dx (x · d/dy (x + y))" (Diff.diff f one) one
                let g x = Diff.diff (fun y -> x * x * y) one
                same "d/dx (d/dy (x² y))" (Diff.diff g (number 3.0)) (number 6.0)
            }
            test "an x that f captures is a constant of the inner derivative" {
                let x = (vector [ 2.0; 3.0 ]).requires_grad_ true
                same "gradient in z of x·z at z = x" (Diff.grad (fun z -> (x * z).sum()) x) x
            }
            test "derivatives in parameters that f captures" {
                let x = matrix [ [ 1.0; 2.0 ]; [ 3.0; -1.0 ] ]
                let w = (number 0.5).requires_grad_ true
                let laplacian = Diff.laplacian (fun x -> w * (power 3.0 x).sum -1L) x
                laplacian.sum().backward()
                // Δ(w Σ x³) = 6 w Σ x
                match Option.ofObj w.grad with
                | Some gradient -> same "d/dw" gradient (number 30.0)
                | None -> failtest "no gradient in the parameter"

                let inW (w: Tensor) =
                    (Diff.laplacian (fun x -> w * (power 3.0 x).sum -1L) x).sum()

                same "grad" (Diff.grad (fun w -> inW (w.squeeze 0L)) (vector [ 0.5 ])) (vector [ 30.0 ])
            }
            test "derivatives in v" {
                let f (x: Tensor) = x.square ()
                let x, v = vector [ 1.0; 2.0 ], vector [ 3.0; 4.0 ]
                same "jacobianv is linear in v" (Diff.jacobian (Diff.jacobianv f x) v) (Diff.jacobian f x)
                same "so is jacobianTv" (Diff.jacobian (Diff.jacobianTv f x) v) ((Diff.jacobian f x).t())
                let h (x: Tensor) = x.prod -1L
                same "and hessianv" (Diff.jacobian (Diff.hessianv h x) v) (Diff.hessian h x)
            }
            test "results are in the graph only where something requires a gradient" {
                let f (x: Tensor) = (power 3.0 x).sum -1L
                let x = vector [ 1.0; 2.0 ]
                let traced = x.clone().requires_grad_ true
                let value, gradient = Diff.fgrad f x
                Expect.isFalse (value.requires_grad || gradient.requires_grad) "detached"
                let value, gradient = Diff.fgrad f traced
                Expect.isTrue (value.requires_grad && gradient.requires_grad) "in the graph"

                use _ = torch.no_grad ()
                let laplacian = Diff.laplacian f traced
                Expect.isFalse laplacian.requires_grad "no_grad"
                same "no_grad: value" laplacian (number 18.0)
                same "no_grad: nested" (Diff.grad (Diff.laplacian f) x) (vector [ 6.0; 6.0 ])
                Expect.isFalse (torch.is_grad_enabled ()) "the mode is restored"
            }
        ]

[<Tests>]
let tests = testList "Diff" [ closedForms; laws; nesting ]

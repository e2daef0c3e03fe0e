/// What derivatives leave behind, and what they refuse.
module Mne.Functional.Tests.DiffUseTests

open System
open Expecto
open TorchSharp
open Mne.Functional

let private x3 =
    Tensor.ofRows Placement.float64 [ [ 1.0; 2.0; 3.0 ]; [ 4.0; 5.0; 6.0 ] ]

let private x2 =
    Tensor.ofRows Placement.float64 [ [ 1.0; 2.0 ]; [ 3.0; 4.0 ]; [ 5.0; 6.0 ] ]

let private energy (x: Tensor) = x.square().sum -1L
let private cube (x: Tensor) = x.pow (3.0.ToScalar())

let private memory =
    let live () =
        DisposeScopeManager.Statistics.ThreadTotalLiveCount

    let one (op: Tensor -> Tensor) = op >> List.singleton
    let two (op: Tensor -> Tensor * Tensor) = op >> fun (a, b) -> [ a; b ]
    let three (op: Tensor -> Tensor * Tensor * Tensor) = op >> fun (a, b, c) -> [ a; b; c ]

    testList
        "no tensor is left"
        [
            for name, op in
                [
                    "diff", one (Diff.diff cube)
                    "diffn", one (Diff.diffn 4 cube)
                    "ffdiffn", Diff.ffdiffn 3 cube >> List.ofArray
                    "fdiff2", two (Diff.fdiff2 cube)
                    "grad", one (Diff.grad energy)
                    "fgradv", two (fun x -> Diff.fgradv energy x x3)
                    "gradhessian", two (Diff.gradhessian energy)
                    "fgradhessian", three (Diff.fgradhessian energy)
                    "gradhessianv", two (fun x -> Diff.gradhessianv energy x x3)
                    "hessian", one (Diff.hessian energy)
                    "hessianv", one (fun x -> Diff.hessianv energy x x3)
                    "flaplacian", two (Diff.flaplacian energy)
                    "jacobian", one (Diff.jacobian cube)
                    "jacobianv", one (fun x -> Diff.jacobianv cube x x3)
                    "jacobianTv", one (fun x -> Diff.jacobianTv cube x x3)
                    "fdivergence", two (Diff.fdivergence cube)
                    "curl", one (Diff.curl cube)
                    "curldivergence", two (Diff.curldivergence cube)
                    "a constant's grad", one (Diff.grad (fun _ -> x3.select (1L, 0L)))
                    "nested", one (Diff.grad (Diff.laplacian energy))
                ] do
                test name {
                    let traced = x3.clone().requires_grad_ true

                    for x in [ x3; traced ] do
                        let before = live ()
                        let results = op x
                        Expect.equal (live () - before) (int64 results.Length) "the results are all that was made"

                        for result in results do
                            Expect.isFalse result.IsInvalid "alive"
                            result.Dispose()

                        Expect.equal (live ()) before "nothing after their disposal"
                }

            test "also when f raises" {
                let before = live ()

                let f (x: Tensor) : Tensor =
                    x.square () |> ignore
                    raise (InvalidOperationException "f")

                Expect.throwsT<InvalidOperationException> (fun () -> Diff.grad f x3 |> ignore) "passed on"
                Expect.equal (live ()) before "freed"
            }
        ]

let private errors =
    let integers = x3.``to`` torch.ScalarType.Int64
    let single = x3.``to`` torch.ScalarType.Float32

    let nothing = Unchecked.defaultof<Tensor>

    testList
        "bad arguments"
        [
            for name, parameter, fragments, call in
                [
                    "scalar field with N × 1 values",
                    "f",
                    [ "3 × 1"; "wanted 3"; "squeeze(1)" ],
                    fun () -> Diff.grad (fun x -> x.sum (-1L, keepdim = true)) x2
                    "scalar field that sums over the batch",
                    "f",
                    [ "a scalar"; "wanted 3"; "sum(-1)" ],
                    fun () -> Diff.laplacian (fun x -> x.sum ()) x2
                    "scalar field with a vector for one point",
                    "f",
                    [ "shape 1,"; "wanted a scalar"; "squeeze(0)" ],
                    fun () -> Diff.hessian (fun x -> x.sum (-1L, keepdim = true)) x2[0L]
                    "vector field with scalar values",
                    "f",
                    [ "shape 3,"; "3 × m"; "stack" ],
                    fun () -> Diff.jacobian (fun x -> x.sum -1L) x2
                    "vector field without components",
                    "f",
                    [ "3 × 0"; "m ≥ 1" ],
                    fun () -> Diff.jacobian (fun x -> x[torch.TensorIndex.Ellipsis, torch.TensorIndex.Slice(0L, 0L)]) x2
                    "vector field with lost rows",
                    "f",
                    [ "1 × 2"; "3 × m" ],
                    fun () -> Diff.jacobianv (fun x -> x[torch.TensorIndex.Slice(0L, 1L)]) x2 x2
                    "divergence of a field with m ≠ d",
                    "f",
                    [ "3 × 1"; "3 × 2"; "Diff.jacobian" ],
                    fun () -> Diff.divergence (fun x -> x.sum (-1L, keepdim = true)) x2
                    "curl in two dimensions",
                    "x",
                    [ "2 components"; "wanted 3"; "Diff.jacobian" ],
                    fun () -> Diff.curl id x2
                    "curl of a field with two components",
                    "f",
                    [ "2 × 2"; "2 × 3" ],
                    fun () -> Diff.curl (fun x -> x[torch.TensorIndex.Ellipsis, torch.TensorIndex.Slice(0L, 2L)]) x3
                    "curve of the wrong length",
                    "f",
                    [ "shape a scalar"; "begins with x's shape 2 × 3" ],
                    fun () -> Diff.diff (fun x -> x.sum ()) x3
                    "gradient of a function of a number",
                    "x",
                    [ "a scalar"; "N × d"; "Diff.diff" ],
                    fun () -> Diff.grad id (Tensor.scalar Placement.float64 1.0)
                    "points without coordinates",
                    "x",
                    [ "2 × 0"; "d ≥ 1" ],
                    fun () -> Diff.grad (fun x -> x.sum -1L) (Tensor.zeros Placement.float64 [ 2; 0 ])
                    "points with three dimensions",
                    "x",
                    [ "1 × 2 × 3"; "reshape" ],
                    fun () -> Diff.grad (fun x -> x.sum -1L) (x3.unsqueeze 0L)
                    "integer points",
                    "x",
                    [ "Int64"; "not differentiable"; "Float64" ],
                    fun () -> Diff.grad (fun x -> x.sum -1L) integers
                    "integer argument of diff",
                    "x",
                    [ "Int64"; "not differentiable"; "Float64" ],
                    fun () -> Diff.diff id integers
                    "integer values",
                    "f",
                    [ "Int64"; "not differentiable" ],
                    fun () -> Diff.grad (fun x -> x.argmax -1L) x3
                    "v shorter than x in gradv",
                    "v",
                    [ "shape 2,"; "wanted 3 × 2"; "expand_as" ],
                    fun () -> Diff.gradv energy x2 x2[0L]
                    "v shorter than x in hessianv",
                    "v",
                    [ "shape 2,"; "wanted 3 × 2"; "expand_as" ],
                    fun () -> Diff.hessianv energy x2 x2[0L]
                    "v of the wrong shape in jacobianv",
                    "v",
                    [ "2 × 3"; "wanted 3 × 2"; "shape of x" ],
                    fun () -> Diff.jacobianv id x2 x3
                    "v of the wrong shape in jacobianTv",
                    "v",
                    [ "2 × 3"; "wanted 2 × 6"; "shape of f(x)" ],
                    fun () -> Diff.jacobianTv (fun x -> torch.cat ([| x; x |], -1L)) x3 x3
                    "v of another element type",
                    "v",
                    [ "Float32"; "Float64"; "to" ],
                    fun () -> Diff.gradv energy x3 single
                    "integer v", "v", [ "Int64"; "not differentiable" ], fun () -> Diff.jacobianTv id x3 integers
                    "negative order", "n", [ "-1"; "at least 0" ], fun () -> Diff.diffn -1 id x3
                    "no x", "x", [ "null" ], fun () -> Diff.grad energy nothing
                    "no v", "v", [ "null" ], fun () -> Diff.jacobianTv id x3 nothing
                ] do
                test name {
                    let error =
                        try
                            call () |> ignore
                            failtest "nothing was raised"
                        with :? ArgumentException as e ->
                            e

                    Expect.equal error.ParamName parameter "the argument"

                    for fragment in fragments do
                        Expect.stringContains error.Message fragment "the message"
                }
        ]

[<Tests>]
let tests = testList "Diff" [ memory; errors ]

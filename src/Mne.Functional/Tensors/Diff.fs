namespace Mne.Functional

open TorchSharp

/// <summary>
/// Derivatives of functions of tensors, in the vocabulary of DiffSharp: the function comes first, then the point.
/// A name that begins with f returns the value f(x) as well.
/// <para>Points: an x of length d is one point; an x of shape N × d is a batch of N points, one per row, and f must
/// treat its rows independently (row n of f(x) depends on row n of x only; this cannot be checked cheaply and is not).
/// A scalar field maps d to a scalar and N × d to N; a vector field maps d to m and N × d to N × m. The shapes below
/// are those of a batch; for one point they lose their N. What does not depend on x has derivative 0.</para>
/// <para>Nesting: when x, v or anything else that f uses requires a gradient, the results stay in the graph, so that
/// they can be differentiated again; otherwise they are detached. To find out, f is evaluated once more where x
/// requires no gradient; inside <c>torch.no_grad()</c> that is saved and the results of the outermost call are
/// detached. f should therefore be pure. Intermediate tensors are freed.</para>
/// </summary>
/// <exception cref="T:System.ArgumentException">x, v or f(x) has the wrong shape, element type or device.</exception>
[<RequireQualifiedAccess>]
module Diff =

    let private differentiable name (tensor: Tensor) =
        if isNull (box tensor) then
            Guard.fail name "found null, wanted a tensor"

        if tensor.IsInvalid then
            Guard.fail name "found a tensor that was disposed of; keep it alive as long as it is used"

        if not (tensor.is_floating_point ()) then
            Guard.fail name $"{tensor.dtype} is not differentiable; convert it with ``to`` to Float64"

    let private shaped name wanted advice (tensor: Tensor) =
        if tensor.shape <> wanted then
            Guard.fail name $"found the shape {Guard.shapeName tensor.shape}, wanted {Guard.shapeName wanted} {advice}"

    // A field checks the point x at once, and then the value y = f(x).

    let private curve (x: Tensor) =
        differentiable "x" x

        fun (y: Tensor) ->
            if Array.truncate x.shape.Length y.shape <> x.shape then
                Guard.fail
                    "f"
                    $"found the shape {Guard.shapeName y.shape}, wanted one that begins with x's shape {Guard.shapeName x.shape} (a value for each element of x); reshape it"

    let private point (x: Tensor) =
        differentiable "x" x

        if (x.dim () <> 1L && x.dim () <> 2L) || Array.last x.shape = 0L then
            Guard.fail
                "x"
                $"found the shape {Guard.shapeName x.shape}, wanted d (one point) or N × d (a point per row), d ≥ 1; reshape it, and for functions of a number use Diff.diff"

    let private scalarField (x: Tensor) =
        point x
        let last = x.shape.Length - 1

        shaped
            "f"
            x.shape[.. last - 1]
            $"(one number per point); reduce each point alone, as sum(-1) does; squeeze({last}) takes away a last dimension of length 1"

    let private vectorField (x: Tensor) =
        point x

        fun (y: Tensor) ->
            let last = x.shape.Length - 1

            if
                y.shape.Length <> x.shape.Length
                || y.shape[.. last - 1] <> x.shape[.. last - 1]
                || y.shape[last] = 0L
            then
                let wanted = if last = 0 then "m" else $"{x.shape[0]} × m"

                Guard.fail
                    "f"
                    $"found the shape {Guard.shapeName y.shape}, wanted {wanted} (a vector of m ≥ 1 components per point); stack its components along dimension {last}"

    let private squareField (x: Tensor) =
        point x
        shaped "f" x.shape "(as many components as x); for other vector fields there is Diff.jacobian"

    let private spatialField (x: Tensor) =
        point x
        let d = Array.last x.shape

        if d <> 3L then
            Guard.fail "x" $"found {d} components per point, wanted 3; elsewhere use Diff.jacobian"

        squareField x

    let private like name (model: Tensor) (v: Tensor) =
        shaped "v" model.shape $"(the shape of {name}); repeat one vector for all points with expand_as" v
        Guard.samePlacement "v" v name model

    /// The field, with a v that has the shape of x.
    let private along v field (x: Tensor) =
        let check = field x
        differentiable "v" v
        like "x" x v
        check

    /// The field, with a v that has the shape of y.
    let private across v field (x: Tensor) =
        let check = field x
        differentiable "v" v

        fun (y: Tensor) ->
            check y
            like "f(x)" y v

    /// A recorded evaluation Y = f(X); Keep: whether derivatives stay in the graph.
    type private Tape = { X: Tensor; Y: Tensor; Keep: bool }

    /// Records f at x and returns what `results` makes of it, detached unless somebody may differentiate it.
    /// `vectors`: what else the results depend on.
    let private record
        (field: Tensor -> Tensor -> unit)
        (vectors: Tensor list)
        (results: Tape -> Tensor list)
        (f: Tensor -> Tensor)
        (x: Tensor)
        =
        let check = field x

        let keep =
            torch.is_grad_enabled ()
            && (x :: vectors |> List.exists _.requires_grad
                || Scope.free (fun () -> (Lent.one f x).requires_grad))

        use _ = torch.enable_grad ()

        Scope.keepAll id (fun () ->
            // A view, not x itself: what f captures of x is a constant here.
            let x =
                if keep && x.requires_grad then
                    x.view x.shape
                else
                    x.detach().requires_grad_ true

            let y = Lent.one f x
            differentiable "f" y
            check y

            results { X = x; Y = y; Keep = keep }
            |> List.map (fun result -> if keep then result.alias () else result.detach ()))

    let private pair field vectors derivative f x =
        let results = record field vectors (fun tape -> [ tape.Y; derivative tape ]) f x
        results[0], results[1]

    let private triple field vectors derivatives f x =
        let results = record field vectors (fun tape -> tape.Y :: derivatives tape) f x
        results[0], results[1], results[2]

    /// The derivative alone.
    let private only (value: Tensor, derivative: Tensor) =
        value.Dispose()
        derivative

    /// The derivatives alone.
    let private both (value: Tensor, first: Tensor, second: Tensor) =
        value.Dispose()
        first, second

    // The primitive: everything below is composed from it.

    /// Jᵀv for the Jacobian J of y in x; `graph`: whether the result can be differentiated again.
    let private pullback graph (x: Tensor) (y: Tensor) (v: Tensor) : Tensor =
        // With x as a further output, of weight 0, the derivative is defined even where y does not depend on x.
        let outputs, weights =
            List.unzip
                [
                    if y.requires_grad then
                        y, v
                    x, torch.zeros_like x
                ]

        torch.autograd
            .grad(
                ResizeArray outputs,
                [| x |],
                ResizeArray weights,
                retain_graph = true,
                create_graph = graph,
                allow_unused = true
            )
            .[0]

    /// Jv: the derivative in w of Jᵀw, which is linear in w.
    let private pushforward graph (x: Tensor) (y: Tensor) (v: Tensor) : Tensor =
        let w = torch.zeros_like(y).requires_grad_ true
        pullback graph w (pullback true x y w) v

    /// The gradient, in x, of a scalar field with the value y.
    let private nabla graph x (y: Tensor) = pullback graph x y (torch.ones_like y)

    let private dot (u: Tensor) (v: Tensor) = (u * v).sum -1L

    /// Row i of the Jacobian.
    let private row graph x (y: Tensor) i = nabla graph x (y.select (-1L, i))

    let private components (y: Tensor) = [ 0L .. Array.last y.shape - 1L ]

    /// Jᵢⱼ = ∂yᵢ/∂xⱼ
    let private rows graph x y : Tensor =
        torch.stack (components y |> List.map (row graph x y), -2L)

    /// Σᵢ ∂yᵢ/∂xᵢ, one row of the Jacobian at a time.
    let private trace graph x (y: Tensor) : Tensor =
        (torch.zeros_like (y.select (-1L, 0L)), components y)
        ||> List.fold (fun sum i -> Scope.keep (fun () -> sum .+ (row graph x y i).select(-1L, i)))

    /// The axial vector of the Jacobian's antisymmetric part.
    let private axial (jacobian: Tensor) : Tensor =
        let j r c : Tensor = jacobian.select(-2L, r).select(-1L, c)
        torch.stack ([ j 2L 1L - j 1L 2L; j 0L 2L - j 2L 0L; j 1L 0L - j 0L 1L ], -1L)

    /// [y; y′; …; y⁽ⁿ⁾] for y that depends on each element of x separately.
    let private taylor n tape =
        (tape.Y, [ 1..n ])
        ||> List.scan (fun y k -> pushforward (tape.Keep || k < n) tape.X y (torch.ones_like tape.X))

    /// Each order doubles what a derivative costs, about.
    let private highest = 100

    // Functions of a number.

    /// <summary>
    /// The value and all derivatives up to order n: [| f(x); f′(x); …; f⁽ⁿ⁾(x) |]. x is a number (a tensor without
    /// dimensions) and f(x) of any shape; or the elements of x, of any shape S, are numbers that f treats
    /// independently, and f(x) has the shape S or S × … .
    /// </summary>
    /// <param name="n">Order of the derivative, from 0 to 100.</param>
    /// <param name="f">Of a number, or of each element of x by itself.</param>
    /// <param name="x">A number (a tensor without dimensions), or numbers of any shape.</param>
    /// <exception cref="T:System.ArgumentException">n is not 0 to 100.</exception>
    /// <example><code>
    /// let x = Tensor.scalar Placement.float64 2.0
    /// Diff.ffdiffn 2 (fun x -&gt; x * x * x) x |&gt; Array.map Tensor.toFloat   // [| 8.0; 12.0; 12.0 |]
    /// </code></example>
    let ffdiffn n f x : Tensor[] =
        Guard.within "n" 0 highest n
        record curve [] (taylor n) f x |> List.toArray

    /// <summary>(f(x), f⁽ⁿ⁾(x)); see <c>ffdiffn</c> for the shapes.</summary>
    /// <param name="n">Order of the derivative, from 0 to 100.</param>
    /// <param name="f">Of a number, or of each element of x by itself.</param>
    /// <param name="x">A number (a tensor without dimensions), or numbers of any shape.</param>
    /// <example><code>
    /// let value, third = Diff.fdiffn 3 (fun x -&gt; x.exp ()) (Tensor.scalar Placement.float64 0.0)   // 1, 1
    /// </code></example>
    let fdiffn n f x : Tensor * Tensor =
        Guard.within "n" 0 highest n
        pair curve [] (taylor n >> List.last) f x

    /// <summary>The n-th derivative f⁽ⁿ⁾(x); see <c>ffdiffn</c> for the shapes.</summary>
    /// <param name="n">Order of the derivative, from 0 to 100.</param>
    /// <param name="f">Of a number, or of each element of x by itself.</param>
    /// <param name="x">A number (a tensor without dimensions), or numbers of any shape.</param>
    /// <example><code>
    /// Diff.diffn 3 (fun x -&gt; x.square().square ()) (Tensor.scalar Placement.float64 1.0)   // 24
    /// </code></example>
    let diffn n f x : Tensor = fdiffn n f x |> only

    /// <summary>(f(x), f′(x)); see <c>ffdiffn</c> for the shapes.</summary>
    /// <param name="f">Of a number, or of each element of x by itself.</param>
    /// <param name="x">A number (a tensor without dimensions), or numbers of any shape.</param>
    /// <example><code>
    /// let value, slope = Diff.fdiff (fun x -&gt; x.sin ()) (Tensor.scalar Placement.float64 0.0)   // 0, 1
    /// </code></example>
    let fdiff f x : Tensor * Tensor = fdiffn 1 f x

    /// <summary>The derivative f′(x); see <c>ffdiffn</c> for the shapes.</summary>
    /// <param name="f">Of a number, or of each element of x by itself.</param>
    /// <param name="x">A number (a tensor without dimensions), or numbers of any shape.</param>
    /// <example><code>
    /// Diff.diff (fun x -&gt; x.square ()) (Tensor.linspace Placement.float64 0.0 1.0 3)   // [0, 1, 2]
    /// </code></example>
    let diff f x : Tensor = fdiff f x |> only

    /// <summary>(f(x), f″(x)); see <c>ffdiffn</c> for the shapes.</summary>
    /// <param name="f">Of a number, or of each element of x by itself.</param>
    /// <param name="x">A number (a tensor without dimensions), or numbers of any shape.</param>
    /// <example><code>
    /// let value, curvature = Diff.fdiff2 (fun x -&gt; x.cos ()) (Tensor.scalar Placement.float64 0.0)   // 1, -1
    /// </code></example>
    let fdiff2 f x : Tensor * Tensor = fdiffn 2 f x

    /// <summary>The second derivative f″(x); see <c>ffdiffn</c> for the shapes.</summary>
    /// <param name="f">Of a number, or of each element of x by itself.</param>
    /// <param name="x">A number (a tensor without dimensions), or numbers of any shape.</param>
    /// <example><code>
    /// Diff.diff2 (fun x -&gt; x.square ()) (Tensor.scalar Placement.float64 5.0)   // 2
    /// </code></example>
    let diff2 f x : Tensor = fdiff2 f x |> only

    // Scalar fields.

    /// <summary>(f(x), ∇f(x)): N and N × d.</summary>
    /// <param name="f">A scalar field: d ↦ number, N × d ↦ N; its rows are independent.</param>
    /// <param name="x">One point (d) or N points, one per row (N × d).</param>
    /// <example><code>
    /// let x = Tensor.ofRows Placement.float64 [ [ 1.0; 2.0 ]; [ 3.0; 4.0 ] ]
    /// let value, gradient = Diff.fgrad (fun x -&gt; x.square().sum -1L) x   // [5, 25], [[2, 4], [6, 8]]
    /// </code></example>
    let fgrad f x : Tensor * Tensor =
        pair scalarField [] (fun t -> nabla t.Keep t.X t.Y) f x

    /// <summary>The gradient ∇f(x) of a scalar field, N × d.</summary>
    /// <param name="f">A scalar field: d ↦ number, N × d ↦ N; its rows are independent.</param>
    /// <param name="x">One point (d) or N points, one per row (N × d).</param>
    /// <example><code>
    /// Diff.grad (fun x -&gt; x.square().sum -1L) (Tensor.ofArray Placement.float64 [| 1.0; 2.0 |])   // [2, 4]
    /// </code></example>
    let grad f x : Tensor = fgrad f x |> only

    /// <summary>(f(x), ∇f(x)·v): N and N, for v with the shape of x.</summary>
    /// <param name="f">A scalar field: d ↦ number, N × d ↦ N; its rows are independent.</param>
    /// <param name="x">One point (d) or N points, one per row (N × d).</param>
    /// <param name="v">A vector at each point, with the shape of x.</param>
    /// <example><code>
    /// let x = Tensor.ofArray Placement.float64 [| 1.0; 2.0 |]
    /// let value, slope = Diff.fgradv (fun x -&gt; x.square().sum -1L) x (torch.ones_like x)   // 5, 6
    /// </code></example>
    let fgradv f x v : Tensor * Tensor =
        pair (along v scalarField) [ v ] (fun t -> dot (nabla t.Keep t.X t.Y) v) f x

    /// <summary>The directional derivative ∇f(x)·v of a scalar field, N, for v with the shape of x.</summary>
    /// <param name="f">A scalar field: d ↦ number, N × d ↦ N; its rows are independent.</param>
    /// <param name="x">One point (d) or N points, one per row (N × d).</param>
    /// <param name="v">A vector at each point, with the shape of x.</param>
    /// <example><code>
    /// let x = Tensor.ofArray Placement.float64 [| 1.0; 2.0 |]
    /// Diff.gradv (fun x -&gt; x.square().sum -1L) x (torch.ones_like x)   // 6
    /// </code></example>
    let gradv f x v : Tensor = fgradv f x v |> only

    /// <summary>(f(x), ∇f(x), ∇∇f(x)): N, N × d and N × d × d.</summary>
    /// <param name="f">A scalar field: d ↦ number, N × d ↦ N; its rows are independent.</param>
    /// <param name="x">One point (d) or N points, one per row (N × d).</param>
    /// <example><code>
    /// let x = Tensor.ofArray Placement.float64 [| 1.0; 2.0 |]
    /// let value, gradient, hessian = Diff.fgradhessian (fun x -&gt; x.prod -1L) x   // 2, [2, 1], [[0, 1], [1, 0]]
    /// </code></example>
    let fgradhessian f x : Tensor * Tensor * Tensor =
        let derivatives t =
            let gradient = nabla true t.X t.Y
            [ gradient; rows t.Keep t.X gradient ]

        triple scalarField [] derivatives f x

    /// <summary>(∇f(x), ∇∇f(x)): N × d and N × d × d.</summary>
    /// <param name="f">A scalar field: d ↦ number, N × d ↦ N; its rows are independent.</param>
    /// <param name="x">One point (d) or N points, one per row (N × d).</param>
    /// <example><code>
    /// let x = Tensor.ofArray Placement.float64 [| 1.0; 2.0 |]
    /// let gradient, hessian = Diff.gradhessian (fun x -&gt; x.prod -1L) x   // [2, 1], [[0, 1], [1, 0]]
    /// </code></example>
    let gradhessian f x : Tensor * Tensor = fgradhessian f x |> both

    /// <summary>(f(x), ∇f(x)·v, ∇∇f(x) v): N, N and N × d, for v with the shape of x.</summary>
    /// <param name="f">A scalar field: d ↦ number, N × d ↦ N; its rows are independent.</param>
    /// <param name="x">One point (d) or N points, one per row (N × d).</param>
    /// <param name="v">A vector at each point, with the shape of x.</param>
    /// <example><code>
    /// let x = Tensor.ofArray Placement.float64 [| 1.0; 2.0 |]
    /// let value, slope, product = Diff.fgradhessianv (fun x -&gt; x.prod -1L) x (2.0 * x)   // 2, 8, [4, 2]
    /// </code></example>
    let fgradhessianv f x v : Tensor * Tensor * Tensor =
        let derivatives t =
            let gradient = nabla true t.X t.Y
            [ dot gradient v; pullback t.Keep t.X gradient v ] // the Hessian is symmetric

        triple (along v scalarField) [ v ] derivatives f x

    /// <summary>(∇f(x)·v, ∇∇f(x) v): N and N × d, for v with the shape of x.</summary>
    /// <param name="f">A scalar field: d ↦ number, N × d ↦ N; its rows are independent.</param>
    /// <param name="x">One point (d) or N points, one per row (N × d).</param>
    /// <param name="v">A vector at each point, with the shape of x.</param>
    /// <example><code>
    /// let x = Tensor.ofArray Placement.float64 [| 1.0; 2.0 |]
    /// let slope, product = Diff.gradhessianv (fun x -&gt; x.prod -1L) x (2.0 * x)   // 8, [4, 2]
    /// </code></example>
    let gradhessianv f x v : Tensor * Tensor = fgradhessianv f x v |> both

    /// <summary>(f(x), ∇∇f(x)): N and N × d × d.</summary>
    /// <param name="f">A scalar field: d ↦ number, N × d ↦ N; its rows are independent.</param>
    /// <param name="x">One point (d) or N points, one per row (N × d).</param>
    /// <example><code>
    /// let x = Tensor.ofArray Placement.float64 [| 1.0; 2.0 |]
    /// let value, hessian = Diff.fhessian (fun x -&gt; x.prod -1L) x   // 2, [[0, 1], [1, 0]]
    /// </code></example>
    let fhessian f x : Tensor * Tensor =
        pair scalarField [] (fun t -> rows t.Keep t.X (nabla true t.X t.Y)) f x

    /// <summary>The Hessian ∇∇f(x) of a scalar field, N × d × d.</summary>
    /// <param name="f">A scalar field: d ↦ number, N × d ↦ N; its rows are independent.</param>
    /// <param name="x">One point (d) or N points, one per row (N × d).</param>
    /// <example><code>
    /// Diff.hessian (fun x -&gt; x.prod -1L) (Tensor.ofArray Placement.float64 [| 1.0; 2.0 |])   // [[0, 1], [1, 0]]
    /// </code></example>
    let hessian f x : Tensor = fhessian f x |> only

    /// <summary>(f(x), ∇∇f(x) v): N and N × d, for v with the shape of x.</summary>
    /// <param name="f">A scalar field: d ↦ number, N × d ↦ N; its rows are independent.</param>
    /// <param name="x">One point (d) or N points, one per row (N × d).</param>
    /// <param name="v">A vector at each point, with the shape of x.</param>
    /// <example><code>
    /// let x = Tensor.ofArray Placement.float64 [| 1.0; 2.0 |]
    /// let value, product = Diff.fhessianv (fun x -&gt; x.prod -1L) x x   // 2, [2, 1]
    /// </code></example>
    let fhessianv f x v : Tensor * Tensor =
        let value, slope, product = fgradhessianv f x v
        slope.Dispose()
        value, product

    /// <summary>
    /// The product ∇∇f(x) v of Hessian and vector, N × d, for v with the shape of x; no Hessian is formed.
    /// </summary>
    /// <param name="f">A scalar field: d ↦ number, N × d ↦ N; its rows are independent.</param>
    /// <param name="x">One point (d) or N points, one per row (N × d).</param>
    /// <param name="v">A vector at each point, with the shape of x.</param>
    /// <example><code>
    /// let x = Tensor.ofArray Placement.float64 [| 1.0; 2.0 |]
    /// Diff.hessianv (fun x -&gt; x.prod -1L) x x   // [2, 1]
    /// </code></example>
    let hessianv f x v : Tensor = fhessianv f x v |> only

    /// <summary>(f(x), Δf(x)): N and N.</summary>
    /// <param name="f">A scalar field: d ↦ number, N × d ↦ N; its rows are independent.</param>
    /// <param name="x">One point (d) or N points, one per row (N × d).</param>
    /// <example><code>
    /// let x = Tensor.ofArray Placement.float64 [| 1.0; 2.0 |]
    /// let value, laplacian = Diff.flaplacian (fun x -&gt; x.square().sum -1L) x   // 5, 4
    /// </code></example>
    let flaplacian f x : Tensor * Tensor =
        pair scalarField [] (fun t -> trace t.Keep t.X (nabla true t.X t.Y)) f x

    /// <summary>
    /// The Laplacian Δf(x) = Σᵢ ∂²f/∂xᵢ² of a scalar field, N; d backward sweeps, no Hessian is stored.
    /// </summary>
    /// <param name="f">A scalar field: d ↦ number, N × d ↦ N; its rows are independent.</param>
    /// <param name="x">One point (d) or N points, one per row (N × d).</param>
    /// <example><code>
    /// Diff.laplacian (fun x -&gt; x.square().sum -1L) (Tensor.ofRows Placement.float64 [ [ 1.0; 2.0 ]; [ 3.0; 4.0 ] ])   // [4, 4]
    /// </code></example>
    let laplacian f x : Tensor = flaplacian f x |> only

    // Vector fields.

    /// <summary>(f(x), Jv): N × m and N × m, for v with the shape of x.</summary>
    /// <param name="f">A vector field: d ↦ m, N × d ↦ N × m; its rows are independent.</param>
    /// <param name="x">One point (d) or N points, one per row (N × d).</param>
    /// <param name="v">A vector at each point, with the shape of x.</param>
    /// <example><code>
    /// let x = Tensor.ofArray Placement.float64 [| 1.0; 2.0 |]
    /// let value, product = Diff.fjacobianv (fun x -&gt; x.square ()) x (torch.ones_like x)   // [1, 4], [2, 4]
    /// </code></example>
    let fjacobianv f x v : Tensor * Tensor =
        pair (along v vectorField) [ v ] (fun t -> pushforward t.Keep t.X t.Y v) f x

    /// <summary>
    /// The product Jv of Jacobian and vector, N × m, for v with the shape of x; no Jacobian is formed.
    /// </summary>
    /// <param name="f">A vector field: d ↦ m, N × d ↦ N × m; its rows are independent.</param>
    /// <param name="x">One point (d) or N points, one per row (N × d).</param>
    /// <param name="v">A vector at each point, with the shape of x.</param>
    /// <example><code>
    /// let x = Tensor.ofArray Placement.float64 [| 1.0; 2.0 |]
    /// Diff.jacobianv (fun x -&gt; x.square ()) x (torch.ones_like x)   // [2, 4]
    /// </code></example>
    let jacobianv f x v : Tensor = fjacobianv f x v |> only

    /// <summary>(f(x), Jᵀv): N × m and N × d, for v with the shape of f(x).</summary>
    /// <param name="f">A vector field: d ↦ m, N × d ↦ N × m; its rows are independent.</param>
    /// <param name="x">One point (d) or N points, one per row (N × d).</param>
    /// <param name="v">A vector at each point, with the shape of f(x).</param>
    /// <example><code>
    /// let x = Tensor.ofArray Placement.float64 [| 1.0; 2.0 |]
    /// let value, product = Diff.fjacobianTv (fun x -&gt; x.square ()) x (torch.ones_like x)   // [1, 4], [2, 4]
    /// </code></example>
    let fjacobianTv f x v : Tensor * Tensor =
        pair (across v vectorField) [ v ] (fun t -> pullback t.Keep t.X t.Y v) f x

    /// <summary>
    /// The product Jᵀv of transposed Jacobian and vector, N × d, for v with the shape of f(x); no Jacobian is formed.
    /// </summary>
    /// <param name="f">A vector field: d ↦ m, N × d ↦ N × m; its rows are independent.</param>
    /// <param name="x">One point (d) or N points, one per row (N × d).</param>
    /// <param name="v">A vector at each point, with the shape of f(x).</param>
    /// <example><code>
    /// let x = Tensor.ofArray Placement.float64 [| 1.0; 2.0 |]
    /// Diff.jacobianTv (fun x -&gt; x.square ()) x (torch.ones_like x)   // [2, 4]
    /// </code></example>
    let jacobianTv f x v : Tensor = fjacobianTv f x v |> only

    /// <summary>(f(x), J): N × m and N × m × d.</summary>
    /// <param name="f">A vector field: d ↦ m, N × d ↦ N × m; its rows are independent.</param>
    /// <param name="x">One point (d) or N points, one per row (N × d).</param>
    /// <example><code>
    /// let x = Tensor.ofArray Placement.float64 [| 1.0; 2.0 |]
    /// let value, jacobian = Diff.fjacobian (fun x -&gt; x.square ()) x   // [1, 4], [[2, 0], [0, 4]]
    /// </code></example>
    let fjacobian f x : Tensor * Tensor =
        pair vectorField [] (fun t -> rows t.Keep t.X t.Y) f x

    /// <summary>The Jacobian Jᵢⱼ = ∂fᵢ/∂xⱼ of a vector field, N × m × d; m backward sweeps.</summary>
    /// <param name="f">A vector field: d ↦ m, N × d ↦ N × m; its rows are independent.</param>
    /// <param name="x">One point (d) or N points, one per row (N × d).</param>
    /// <example><code>
    /// Diff.jacobian (fun x -&gt; x.square ()) (Tensor.ofArray Placement.float64 [| 1.0; 2.0 |])   // [[2, 0], [0, 4]]
    /// </code></example>
    let jacobian f x : Tensor = fjacobian f x |> only

    /// <summary>(f(x), ∇·f(x)): N × d and N.</summary>
    /// <param name="f">A vector field: d ↦ m, N × d ↦ N × m; its rows are independent.</param>
    /// <param name="x">One point (d) or N points, one per row (N × d).</param>
    /// <example><code>
    /// let x = Tensor.ofArray Placement.float64 [| 1.0; 2.0 |]
    /// let value, divergence = Diff.fdivergence (fun x -&gt; x.square ()) x   // [1, 4], 6
    /// </code></example>
    let fdivergence f x : Tensor * Tensor =
        pair squareField [] (fun t -> trace t.Keep t.X t.Y) f x

    /// <summary>
    /// The divergence ∇·f(x) = Σᵢ ∂fᵢ/∂xᵢ of a vector field with m = d components, N; no Jacobian is stored.
    /// </summary>
    /// <param name="f">A vector field: d ↦ m, N × d ↦ N × m; its rows are independent.</param>
    /// <param name="x">One point (d) or N points, one per row (N × d).</param>
    /// <example><code>
    /// Diff.divergence (fun x -&gt; x.square ()) (Tensor.ofArray Placement.float64 [| 1.0; 2.0 |])   // 6
    /// </code></example>
    let divergence f x : Tensor = fdivergence f x |> only

    /// <summary>(f(x), ∇×f(x)): N × 3 and N × 3, for x of shape N × 3.</summary>
    /// <param name="f">A vector field with three components: 3 ↦ 3, N × 3 ↦ N × 3.</param>
    /// <param name="x">One point (3) or N points, one per row (N × 3).</param>
    /// <example><code>
    /// let x = Tensor.ofArray Placement.float64 [| 1.0; 2.0; 3.0 |]
    /// let value, curl = Diff.fcurl (fun x -&gt; x.roll (1L, -1L)) x   // [3, 1, 2], [1, 1, 1]
    /// </code></example>
    let fcurl f x : Tensor * Tensor =
        pair spatialField [] (fun t -> axial (rows t.Keep t.X t.Y)) f x

    /// <summary>The curl ∇×f(x) of a vector field with three components, N × 3, for x of shape N × 3.</summary>
    /// <param name="f">A vector field with three components: 3 ↦ 3, N × 3 ↦ N × 3.</param>
    /// <param name="x">One point (3) or N points, one per row (N × 3).</param>
    /// <example><code>
    /// Diff.curl (fun x -&gt; x.roll (1L, -1L)) (Tensor.ofArray Placement.float64 [| 1.0; 2.0; 3.0 |])   // [1, 1, 1]
    /// </code></example>
    let curl f x : Tensor = fcurl f x |> only

    /// <summary>(f(x), ∇×f(x), ∇·f(x)): N × 3, N × 3 and N, for x of shape N × 3.</summary>
    /// <param name="f">A vector field with three components: 3 ↦ 3, N × 3 ↦ N × 3.</param>
    /// <param name="x">One point (3) or N points, one per row (N × 3).</param>
    /// <example><code>
    /// let x = Tensor.ofArray Placement.float64 [| 1.0; 2.0; 3.0 |]
    /// let value, curl, divergence = Diff.fcurldivergence (fun x -&gt; x.square ()) x   // [1, 4, 9], [0, 0, 0], 12
    /// </code></example>
    let fcurldivergence f x : Tensor * Tensor * Tensor =
        let derivatives t =
            let jacobian = rows t.Keep t.X t.Y
            [ axial jacobian; jacobian.diagonal(0L, -2L, -1L).sum -1L ]

        triple spatialField [] derivatives f x

    /// <summary>(∇×f(x), ∇·f(x)): N × 3 and N, for x of shape N × 3.</summary>
    /// <param name="f">A vector field with three components: 3 ↦ 3, N × 3 ↦ N × 3.</param>
    /// <param name="x">One point (3) or N points, one per row (N × 3).</param>
    /// <example><code>
    /// let x = Tensor.ofArray Placement.float64 [| 1.0; 2.0; 3.0 |]
    /// let curl, divergence = Diff.curldivergence (fun x -&gt; x.square ()) x   // [0, 0, 0], 12
    /// </code></example>
    let curldivergence f x : Tensor * Tensor = fcurldivergence f x |> both

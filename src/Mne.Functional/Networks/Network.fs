namespace Mne.Functional

/// <summary>Networks: creation, values, local derivatives, tangents.</summary>
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Network =

    /// <summary>
    /// A layered network on the domain; a linear map to the reals is put behind the given layers, or to several
    /// components if they end in <c>Layer.outputs</c>.
    /// </summary>
    /// <param name="domain">Where the function lives.</param>
    /// <param name="layers">From the coordinates to the last hidden layer; the linear map to the values is
    /// added.</param>
    /// <exception cref="T:System.ArgumentException">A layer does not fit, or there are more than 2³¹ − 1
    /// parameters.</exception>
    /// <example><code>
    /// let network = Network.create (Domain.euclidean 2) [ Layer.dense 64 Tanh; Layer.dense 64 Tanh ]
    /// let θ = Network.initial network 1
    /// </code></example>
    let create (domain: Domain) (layers: Layer list) : Network = Layered.network domain layers

    /// <summary>
    /// A network of m components given as any differentiable function of θ (p) and points X (N × d) to values (N × m);
    /// see <c>ofFunction</c>.
    /// </summary>
    /// <param name="domain">Where the function lives.</param>
    /// <param name="outputs">m, the number of components.</param>
    /// <param name="parameters">p, the number of parameters.</param>
    /// <param name="initial">(placement, seed) ↦ parameters (p).</param>
    /// <param name="f">(θ (p), points (N × d)) ↦ (N × m), differentiable in both.</param>
    /// <example><code>
    /// // a point that moves on a circle, seen from everywhere
    /// let rotor (θ: Tensor) (x: Tensor) = Tensor.stack 1L [ θ[0].cos () + 0.0 * x.squeeze 1L; θ[0].sin () + 0.0 * x.squeeze 1L ]
    /// let network = Network.ofVectorFunction (Domain.euclidean 1) 2 1 (fun placement _ -&gt; Tensor.zeros placement [ 1 ]) rotor
    /// </code></example>
    let ofVectorFunction
        (domain: Domain)
        (outputs: int)
        (parameters: int)
        (initial: Placement -> int -> Tensor)
        (f: Tensor -> Tensor -> Tensor)
        : Network =
        Automatic.network domain outputs parameters initial f

    /// <summary>
    /// A network given as any differentiable function of θ (p) and points X (N × d) to values (N), each value depending
    /// on its own point only. Derivatives and tangents come from automatic differentiation: correct for everything, and
    /// slower than <c>create</c>. <c>initial</c> makes parameters from a seed. Build it from smooth functions: of a
    /// kink, as relu and abs have, automatic differentiation gives no second derivative; an evolution that reads one is
    /// refused.
    /// </summary>
    /// <param name="domain">Where the function lives.</param>
    /// <param name="parameters">p, the number of parameters.</param>
    /// <param name="initial">(placement, seed) ↦ parameters (p).</param>
    /// <param name="f">(θ (p), points (N × d)) ↦ (N), differentiable in both.</param>
    /// <exception cref="T:System.ArgumentException">The function returns another shape than N.</exception>
    /// <example><code>
    /// // a Gaussian bump of free height, centre and width
    /// let bump (θ: Tensor) (x: Tensor) = θ[0] * (-(x.squeeze 1L - θ[1]).square () * θ[2]).exp ()
    /// let network = Network.ofFunction (Domain.euclidean 1) 3 (fun placement seed -&gt; Random.normal placement seed [ 3 ]) bump
    /// </code></example>
    let ofFunction
        (domain: Domain)
        (parameters: int)
        (initial: Placement -> int -> Tensor)
        (f: Tensor -> Tensor -> Tensor)
        : Network =
        ofVectorFunction domain 1 parameters initial (fun θ points ->
            let value = f θ points
            Guard.vector "f" (Tensor.rows points) value
            value.unsqueeze 1L)

    /// <summary>
    /// A network that reads only some coordinates, and shares its weights between several such blocks: u(x) = Σ_b
    /// w(x_b), where w is a layered network and x_b are the coordinates that block b lists. One block makes a network
    /// of these coordinates; all single coordinates, or all pairs, make a function that does not depend on their order;
    /// all neighbourhoods of a lattice, one that does not change under translation. A block may name a coordinate
    /// several times.
    /// </summary>
    /// <param name="domain">Where the function lives.</param>
    /// <param name="blocks">For each block the coordinates that it lists, counted from 0; all blocks have the same
    /// length.</param>
    /// <param name="layers">From the coordinates to the last hidden layer; the linear map to the values is
    /// added.</param>
    /// <exception cref="T:System.ArgumentException">A block is empty, names a coordinate that does not exist, differs
    /// from the first block in length or kind of coordinates, or lacks a coordinate with a Dirichlet condition (the sum
    /// of all blocks has to vanish there).</exception>
    /// <example><code>
    /// // a chain of 16 sites with periodic ends: every site with its two neighbours
    /// let energy = Network.ofBlocks (Domain.euclidean 16) [ for i in 0 .. 15 -&gt; [ (i + 15) % 16; i; (i + 1) % 16 ] ] [ Layer.dense 32 Swish ]
    /// </code></example>
    let ofBlocks (domain: Domain) (blocks: int list list) (layers: Layer list) : Network =
        Blocks.network domain blocks layers

    /// <summary>
    /// A network that sees shifted and scaled coordinates, u(x) = w((x − shift) / scale): for domains whose coordinates
    /// are far from 0 or of different size. Any network can be rescaled, sums and blocks too.
    /// </summary>
    /// <param name="shift">One number per coordinate (d).</param>
    /// <param name="scale">One positive number per coordinate (d).</param>
    /// <param name="network">The parametric function u_θ.</param>
    /// <exception cref="T:System.ArgumentException">Unless there are d finite shifts and d positive scales.</exception>
    let rescaled (shift: float list) (scale: float list) (network: Network) : Network =
        Rescaled.network shift scale network

    /// <summary>
    /// Prescribed values on a boundary of any shape: u(x) = data(x) + distance(x) w(x), where <c>distance</c> vanishes
    /// on the boundary and nowhere else, like x (1 − x) or 1 − |x|², and <c>data</c> has the wanted values there. Both
    /// map points (N × d) to N, <c>data</c> also to N × m for m components; they are differentiated automatically. Near
    /// the boundary u is then as free as a smooth function with these values is; conditions on derivatives: see
    /// <c>Bounded</c>. The data do not depend on time.
    /// </summary>
    /// <param name="distance">Points (N × d) ↦ (N), 0 on the boundary and nowhere else.</param>
    /// <param name="data">Points (N × d) ↦ (N), or (N × m) for m components, with the wanted values on the
    /// boundary.</param>
    /// <param name="network">The parametric function u_θ.</param>
    /// <exception cref="T:System.ArgumentException">When used if a function returns another shape, or a number that is
    /// not finite.</exception>
    /// <example><code>
    /// // u = 1 on the unit circle
    /// let disc = Domain.box [ -1.0, 1.0; -1.0, 1.0 ]
    /// let inside = Network.create disc [ Layer.dense 32 Tanh; Layer.dense 32 Tanh ]
    /// let network = inside |&gt; Network.dirichlet (fun x -&gt; 1.0 - x.square().sum 1L) (fun x -&gt; torch.ones_like (x.select (1L, 0L)))
    /// </code></example>
    let dirichlet (distance: Tensor -> Tensor) (data: Tensor -> Tensor) (network: Network) : Network =
        Prescribed.network distance data network

    /// <summary>
    /// The even part of a network, u(x) = w(x) + w(Rx): R reflects the coordinates <c>axes</c>, all of them together,
    /// about the middle of a bounded or periodic coordinate, and about 0 on the real line. For solutions that have the
    /// symmetry u(Rx) = u(x): it is kept exactly, and points on one side of the mirror do for both. Apply it again for
    /// further mirrors.
    /// </summary>
    /// <param name="axes">Coordinates, counted from 0.</param>
    /// <param name="network">The parametric function u_θ.</param>
    /// <exception cref="T:System.ArgumentException">For coordinates that do not exist or are named twice.</exception>
    /// <example><code>let network = Network.create (Domain.euclidean 2) [ Layer.dense 32 Swish ] |&gt; Network.even [ 0 ] |&gt; Network.even [ 1 ]</code></example>
    let even (axes: int list) (network: Network) = Mirrored.network 1.0 axes network

    /// <summary>
    /// The odd part of a network, u(x) = w(x) − w(Rx), for solutions with u(Rx) = −u(x); see <c>even</c>.
    /// </summary>
    /// <param name="axes">Coordinates, counted from 0.</param>
    /// <param name="network">The parametric function u_θ.</param>
    /// <example><code>let network = Network.create (Domain.periodic [ (-1.0, 1.0) ]) [ Layer.harmonics 4; Layer.dense 32 Sine ] |&gt; Network.odd [ 0 ]</code></example>
    let odd (axes: int list) (network: Network) = Mirrored.network -1.0 axes network

    /// <summary>
    /// The sum of networks on the same domain, each with its own weights: u(x) = Σ_k u_k(x); θ holds theirs one after
    /// the other. The tangent kernel of a sum is the sum of the kernels.
    /// </summary>
    /// <exception cref="T:System.ArgumentException">There are none, when domains or numbers of components differ, or a
    /// network is generic.</exception>
    let add (networks: Network list) : Network = Summed.network networks

    /// <summary>One component of u as a network of its own, with the same parameters.</summary>
    /// <param name="index">The component, counted from 0.</param>
    /// <param name="network">The parametric function u_θ.</param>
    /// <exception cref="T:System.ArgumentException">u does not have it.</exception>
    let ofComponent (index: int) (network: Network) : Network = Component.network index network

    /// <summary>
    /// The network of a recipe: the same functions, bit for bit, as the network that the recipe was taken from.
    /// </summary>
    /// <exception cref="T:System.ArgumentException">For a recipe that a function is part of.</exception>
    let rec ofRecipe (recipe: NetworkRecipe) : Network =
        match recipe with
        | NetworkRecipe.Layers(domain, layers) -> create domain layers
        | NetworkRecipe.Blocks(domain, blocks, layers) -> ofBlocks domain blocks layers
        | NetworkRecipe.Rescaled(shift, scale, inner) -> rescaled shift scale (ofRecipe inner)
        | NetworkRecipe.Mirrored(sign, axes, inner) -> Mirrored.network sign axes (ofRecipe inner)
        | NetworkRecipe.Sum parts -> add (List.map ofRecipe parts)
        | NetworkRecipe.Component(index, whole) -> ofComponent index (ofRecipe whole)
        | NetworkRecipe.Prescribed _
        | NetworkRecipe.Function _ ->
            Guard.fail
                "recipe"
                $"it stands for {recipe}, which only the program that made it knows; give the network itself"

    /// Whether some part of the network takes all coordinates together.
    let internal couples (network: Network) : bool =
        network.Recipe.Parts
        |> List.exists (function
            | NetworkRecipe.Blocks(_, blocks, _) ->
                blocks
                |> List.exists (fun block -> (List.distinct block).Length = network.Domain.Dimension)
            | _ -> true)

    /// Coordinates that the network treats alike, in disjoint groups: those which blocks with shared weights have at the same place.
    let internal alike (network: Network) : Set<int> list =
        let groups =
            network.Recipe.Parts
            |> List.collect (function
                | NetworkRecipe.Blocks(_, blocks, _) -> blocks |> List.transpose |> List.map Set.ofList
                | _ -> [])

        ([ for k in 0 .. network.Domain.Dimension - 1 -> Set.singleton k ], groups)
        ||> List.fold (fun classes group ->
            let touched, others =
                classes |> List.partition (Set.intersect group >> Set.isEmpty >> not)

            Set.unionMany touched :: others)

    let private check (network: Network) (θ: Tensor) (points: Tensor) =
        Guard.vector "θ" network.ParameterCount θ
        Guard.points "points" network.Domain.Dimension points
        Guard.samePlacement "points" points "θ" θ
        Guard.withinReach "points" points

    /// <summary>Seeded initial parameters (p), float64 on the CPU.</summary>
    /// <param name="network">The parametric function u_θ.</param>
    /// <param name="seed">Seed of the parameters.</param>
    let initial (network: Network) (seed: int) : Tensor = network.Initial Placement.float64 seed

    /// Jets are propagated for this many numbers per unit of width at a time.
    let private jetSize = 1 <<< 11

    /// <summary>
    /// u and the requested derivatives at the points (N × d); memory for intermediates is bounded whatever N.
    /// </summary>
    /// <param name="request">The derivatives that are wanted.</param>
    /// <param name="network">The parametric function u_θ.</param>
    /// <param name="θ">Parameters, one flat vector (p).</param>
    /// <param name="points">X (N × d).</param>
    /// <exception cref="T:System.ArgumentException">Shapes or placements do not fit, a derivative does not exist, or a
    /// coordinate is beyond 1e100.</exception>
    let jet (request: Set<Derivative>) (network: Network) (θ: Tensor) (points: Tensor) : Jet =
        check network θ points
        let channels = (Jet.closure network.Domain.Dimension request).Count
        let held (jet: Jet) = [ jet.Data ]

        Scope.keepAll held (fun () ->
            let parts =
                Tensor.rows points
                |> Rows.pieces (Rows.within (Rows.numbers jetSize points) channels)
                |> Rows.each held (fun piece -> network.Propagate request θ (Rows.narrow piece points))

            { parts.Head with
                Data = Rows.join 1L [ for part in parts -> part.Data ]
            })

    /// <summary>u_θ at the points: N, or N × m for m components.</summary>
    /// <param name="network">The parametric function u_θ.</param>
    /// <param name="θ">Parameters, one flat vector (p).</param>
    /// <param name="points">X (N × d).</param>
    /// <exception cref="T:System.ArgumentException">Shapes or placements do not fit, or a coordinate is beyond 1e100.</exception>
    let value (network: Network) (θ: Tensor) (points: Tensor) : Tensor =
        Scope.keep (fun () -> Jet.value (jet Set.empty network θ points))

    /// <summary>∇u_θ at the points: N × d, or N × d × m for m components.</summary>
    /// <param name="network">The parametric function u_θ.</param>
    /// <param name="θ">Parameters, one flat vector (p).</param>
    /// <param name="points">X (N × d).</param>
    /// <exception cref="T:System.ArgumentException">Shapes or placements do not fit, or a coordinate is beyond 1e100.</exception>
    let gradient (network: Network) (θ: Tensor) (points: Tensor) : Tensor =
        Scope.keep (fun () -> Jet.gradient (jet (Jet.gradientRequest network.Domain.Dimension) network θ points))

    /// <summary>Δu_θ at the points: N, or N × m for m components.</summary>
    /// <param name="network">The parametric function u_θ.</param>
    /// <param name="θ">Parameters, one flat vector (p).</param>
    /// <param name="points">X (N × d).</param>
    /// <exception cref="T:System.ArgumentException">Shapes or placements do not fit, or a coordinate is beyond 1e100.</exception>
    let laplacian (network: Network) (θ: Tensor) (points: Tensor) : Tensor =
        Scope.keep (fun () -> Jet.laplacian (jet (Set.singleton Derivative.Laplacian) network θ points))

    /// <summary>
    /// The tangent J = ∂u(x_i)/∂θ_j at the points, in structured form. Call it inside a scope: it holds tensors.
    /// </summary>
    /// <param name="network">The parametric function u_θ.</param>
    /// <param name="θ">Parameters, one flat vector (p).</param>
    /// <param name="points">X (N × d).</param>
    /// <exception cref="T:System.ArgumentException">Shapes or placements do not fit, or a coordinate is beyond 1e100.</exception>
    let tangent (network: Network) (θ: Tensor) (points: Tensor) : Tangent =
        check network θ points

        /// What the blocks hold, each tensor once; the points are the caller's.
        let held tangent =
            let tensors =
                match tangent with
                | Tangent.Generic generic -> [ generic.Points ]
                | Tangent.Structured(_, blocks) -> List.collect Block.tensors blocks

            tensors
            |> Seq.distinctBy (fun tensor -> tensor.Handle)
            |> Seq.filter (fun tensor -> tensor.Handle <> points.Handle)
            |> Seq.toList

        Scope.keepAll held (fun () -> network.Linearise θ points)

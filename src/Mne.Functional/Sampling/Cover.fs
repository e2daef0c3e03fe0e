namespace Mne.Functional

/// <summary>Where first points come from. They have to cover the density; the weights of its modes need not be right.</summary>
[<RequireQualifiedAccess; Notebooks.TypeFormatterSource>]
type Start =
    /// <summary>
    /// A normal cloud around the origin with this standard deviation per coordinate, thinned by the tempered weight e^{−V/τ}
    /// (<c>Collocation.tempered</c>): simple, and enough in few dimensions.
    /// </summary>
    | Cloud of spread: float * temperature: float
    /// <summary>Markov chains from scattered starts, cooled (<c>Chains</c>): for more dimensions.</summary>
    | Cooled of ChainOptions
    /// <summary>Points that the caller has (M × d), such as the draws of an earlier sampler; some of them are used at a time.</summary>
    | Known of points: Tensor

    /// <summary>τ, the temperature of the points: 1 for points that the caller has.</summary>
    member start.Temperature =
        match start with
        | Cloud(_, τ) -> τ
        | Cooled chains -> chains.Temperature
        | Known _ -> 1.0

    /// <summary>The standard deviation of the cloud that was searched; of the points themselves, where the caller has them.</summary>
    member start.Spread =
        match start with
        | Cloud(spread, _) -> spread
        | Cooled chains -> chains.Spread
        | Known points -> Scope.free (fun () -> Tensor.toFloat ((points.std 0L).max()))

/// <summary>Which points stand for a density. Start from <c>Cover.defaults</c>.</summary>
[<Notebooks.TypeFormatterSource>]
type CoverOptions =
    {
        /// <summary>Where first points come from. Default <c>Start.Cloud(3, 2)</c>: a cloud with standard deviation 3, τ = 2.</summary>
        Start: Start
        /// <summary>Points of every step of the fit. Default 500.</summary>
        FitPoints: int
        /// <summary>
        /// N, the number of collocation points. Default None: the program chooses, four for every direction that the kernel of the fitted
        /// network has (its effective rank at λ), but 500 to 1,600; too few points leave a network free between them.
        /// </summary>
        Points: int option
        /// <summary>
        /// n: the points stay, and are replaced by new ones at the times T (k/n)³, k = 1 … n − 1, often at first, where the energy changes
        /// fastest. They are first points carried along by the process itself, whose transition has to be known; otherwise, and for
        /// n = 1, the first points move with the flow all the way. What one set of points does not see, others do: more of them are more
        /// accurate. Default 20.
        /// </summary>
        Refreshes: int
    }

/// <summary>Points that stand for a density of which only the energy is known.</summary>
[<RequireQualifiedAccess>]
module Cover =

    /// <summary>A cloud of standard deviation 3 at τ = 2, 500 points of every step of the fit, 20 refreshes.</summary>
    let defaults: CoverOptions =
        {
            Start = Start.Cloud(3.0, 2.0)
            FitPoints = 500
            Points = None
            Refreshes = 20
        }

    /// Between how many points the program chooses.
    let internal fewest = 500

    let internal most = 1600

    /// Raises `ArgumentException` for options that do not fit a density in d dimensions; the stage that they are of precedes their names.
    let internal check (stage: string) (d: int) (options: CoverOptions) : unit =
        match options.Start with
        | Start.Cloud(spread, τ) ->
            Guard.positive $"{stage}Start" spread
            Guard.positive $"{stage}Start" τ
        | Start.Cooled chains -> Chains.check $"{stage}Start." d chains
        | Start.Known points ->
            Guard.points $"{stage}Start" d points
            Guard.finite $"{stage}Start" points

        Guard.atLeast $"{stage}FitPoints" 2 options.FitPoints
        Guard.fits $"{stage}FitPoints" options.FitPoints d

        for count in Option.toList options.Points do
            Guard.atLeast $"{stage}Points" 2 count
            Guard.fits $"{stage}Points" count d

        Guard.within $"{stage}Refreshes" 1 1_000_000 options.Refreshes

    /// <summary>A recipe for points that cover the target, as many as asked for. They are looked for once.</summary>
    /// <param name="run">Where the points are, their seed, and who hears of the search and may end it.</param>
    /// <param name="options">How to look for them.</param>
    /// <param name="target">What to cover.</param>
    /// <returns>A function from a number of points to a recipe for so many.</returns>
    /// <exception cref="T:System.ArgumentException">
    /// Options do not fit the target; its energy is finite hardly anywhere where it is looked at, or no function of each row alone.
    /// </exception>
    /// <exception cref="T:System.OperationCanceledException">The run was asked to stop.</exception>
    /// <example><code>
    /// let points = target |&gt; Cover.points Run.quiet Cover.defaults
    /// let first = Collocation.points Placement.float64 1 (points 500)   // 500 × d
    /// </code></example>
    let points (run: Run) (options: CoverOptions) (target: Density) : int -> Collocation =
        let d = target.Dimension
        check "" d options

        Scope.free (fun () ->
            let some =
                match options.Start with
                | Start.Known points -> points.narrow (0L, 0L, min 64L points.shape[0])
                | start -> start.Spread .* Random.normal run.Placement run.Seed [ 64; d ]

            Density.rowwise some target)

        match options.Start with
        | Start.Cloud(spread, τ) ->
            let zeros, spreads = List.replicate d 0.0, List.replicate d spread
            let pool = 8 * max (defaultArg options.Points fewest) options.FitPoints

            Collocation.tempered τ zeros spreads target.Energy pool
            |> Collocation.points run.Placement run.Seed
            |> Collocation.ofPool
        | Start.Cooled chains -> target |> Chains.pool run chains |> Collocation.ofPool
        | Start.Known points -> Collocation.ofPool points

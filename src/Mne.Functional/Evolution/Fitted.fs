namespace Mne.Functional

open System
open System.Diagnostics
open TorchSharp

/// <summary>
/// What a fit has reached: the parameters, and how far u is from the function. Errors are root-mean-square errors of each component,
/// relative to its spread (its size, where it is constant) or to <c>SmallestScale</c> where that is larger, averaged over the components.
/// It owns a tensor.
/// </summary>
[<Notebooks.TypeFormatterSource>]
type Fitted =
    {
        /// <summary>θ (p).</summary>
        Parameters: Tensor
        /// <summary>
        /// The error at points that the fit has not seen: new ones of the recipe, or points between the given ones. NaN where the
        /// function has no values there, such as measured values at the given points.
        /// </summary>
        Error: float
        /// <summary>The error at the points themselves; of points that are drawn, at those of the last step, before it.</summary>
        ErrorAtPoints: float
        /// <summary>Steps taken, rejected ones among them.</summary>
        Steps: int
        /// <summary>
        /// Whether the tolerance was reached at the points, and ten times the tolerance at points that the fit has not seen.
        /// </summary>
        Met: bool
        /// <summary>One sentence: how good the fit is, and what to do where it is not.</summary>
        Advice: string
    }

    override fitted.ToString() = fitted.Advice

    interface IDisposable with
        member fitted.Dispose() = fitted.Parameters.Dispose()

/// <summary>Raised by <c>Regression.fit</c> where the fit is not of the function that was given; it carries the error and what to do.</summary>
exception FitFailedException of error: float * advice: string with
    override failure.Message = failure.advice

/// How a fit ended.
[<RequireQualifiedAccess>]
type internal FitEnd =
    | Reached
    | Stalled
    | StepsUsed

/// A fit measures each component of u from an origin and in a unit of its own, so that what it does depends on neither; the result
/// is folded into the last maps of the network.
module internal FitUnit =

    type Unit =
        {
            /// The spread of each component of g.
            Scale: float[]
            /// The mean of each component of g.
            Mean: float[]
            /// What errors of each component are relative to.
            ErrorScale: float[]
        }

    /// rms, of numbers whose squares need not be representable.
    let private size (values: Tensor) =
        let largest = Tensor.toFloat (values.abs().max())
        // A size that is not a number stays one.
        if largest = 0.0 then
            0.0
        else
            largest * Tensor.rms (values ./ largest)

    /// Spread and mean of the values of g (N, or N × m). Where a component is constant up to round-off, its size stands for its spread,
    /// and the largest of the others where it is 0 beside them.
    let ofValues (smallest: float) (values: Tensor) : Unit =
        Scope.free (fun () ->
            let columns = values.view(values.shape[0], -1L).``to`` torch.ScalarType.Float64
            let roundOff = 32.0 * Placement.epsilon (Placement.ofTensor values)

            let own =
                [|
                    for k in 0L .. columns.shape[1] - 1L ->
                        let column = columns.select (1L, k)
                        // From the first value on: the mean of large numbers that hardly differ keeps their differences.
                        let first = Tensor.toFloat column[0L]
                        let mean = first + Tensor.toFloat ((column .- first).mean())
                        let spread, whole = size (column .- mean), size column
                        mean, (if spread > roundOff * whole then spread else whole)
                |]

            let largest = own |> Array.map snd |> Array.max

            let otherwise =
                if largest > 0.0 then largest
                elif smallest > 0.0 then smallest
                else 1.0

            let scale =
                own
                |> Array.map (fun (_, scale) -> if scale > roundOff * largest then scale else otherwise)

            {
                Scale = scale
                Mean = Array.map fst own
                ErrorScale = scale |> Array.map (max smallest)
            })

    /// The unit of energies, whose differences of 1 are what matters however far their values spread: 1, from 0. Errors are relative to the spread.
    let ofEnergies (smallest: float) (values: Tensor) : Unit =
        let own = ofValues smallest values

        { own with
            Scale = own.Scale |> Array.map (fun _ -> 1.0)
            Mean = own.Mean |> Array.map (fun _ -> 0.0)
        }

    /// The error of what is missing (mN, component by component), in units of `scales`.
    let error (scales: float[]) (missing: Tensor) : float =
        let n = missing.shape[0] / int64 scales.Length

        scales
        |> Array.mapi (fun k scale -> (size (missing.narrow (0L, int64 k * n, n)) / scale) ** 2.0)
        |> Array.average
        |> sqrt

    /// A fit in units of its own: the network and the function that are fitted to each other, the scales of their errors, and the way
    /// between θ of that network and θ of the one that was given.
    type Problem =
        {
            Network: Network
            Function: Tensor -> Tensor
            ErrorScale: float[]
            Inward: Tensor -> Tensor
            Outward: Tensor -> Tensor
        }

    let problem (unit: Unit) (network: Network) (g: Tensor -> Tensor) (placement: Placement) : Problem =
        let row (values: float[]) =
            if values.Length = 1 then
                Tensor.scalar placement values[0]
            else
                Tensor.ofArray placement values

        let errorScale = Array.map2 (/) unit.ErrorScale unit.Scale

        match OutputMap.ofNetwork network with
        | Some map ->
            let constants =
                if map.Shifts then
                    unit.Mean
                else
                    Array.zeroCreate unit.Mean.Length

            let s, t = map.Affine placement unit.Scale constants

            {
                Network = network
                Function =
                    fun x ->
                        // u_0 is 0, unless values are prescribed; it is neither scaled nor shifted.
                        let rest = OutputMap.rest network x
                        rest .+ (g x - rest - row constants) / row unit.Scale
                ErrorScale = errorScale
                Inward = fun θ -> (θ - t) / s
                Outward = fun θ -> s * θ .+ t
            }
        | None ->
            {
                Network = OutputMap.scaled (Array.map (fun scale -> 1.0 / scale) unit.Scale) network
                Function = fun x -> g x / row unit.Scale
                ErrorScale = errorScale
                Inward = fun θ -> θ.alias ()
                Outward = fun θ -> θ.alias ()
            }

/// The error at points that a fit has not seen.
module internal FreshError =

    /// The error of u_θ at points where g need not have values: NaN where it has none.
    let ofPoints (scales: float[]) (network: Network) (g: Tensor -> Tensor) (θ: Tensor) (points: Tensor) : float =
        Scope.free (fun () ->
            try
                let values = g points
                Guard.values "g" (Tensor.rows points) network.Outputs values
                let missing = values - Network.value network θ points
                let finite = (torch.isfinite (missing.view (points.shape[0], -1L))).all 1L
                let rows = finite.nonzero().squeeze 1L

                if rows.numel () = 0L then
                    nan
                else
                    missing.index_select (0L, rows) |> Tangent.stacked |> FitUnit.error scales
            with
            | :? OperationCanceledException -> reraise ()
            | _ -> nan)

/// What an iteration comes to, in the units of its problem.
type internal FitSteps =
    {
        Parameters: Tensor
        ErrorAtPoints: float
        Steps: int
        End: FitEnd
    }

module internal FitSteps =

    /// Hands the state after a step to the caller; a last word is there already.
    let checkpoint (run: Run) (options: RegressionOptions) (isLast: bool) (state: unit -> FitState) : unit =
        if run.Communicator.Rank = 0 then
            Scope.free (fun () ->
                let state = lazy (state ())

                if isLast then
                    state.Force() |> ignore

                options.Checkpoint state)

    let report (run: Run) (options: RegressionOptions) (clock: Stopwatch) step accepted η error finished =
        NativeMemory.settle ()
        let fraction = if finished then 1.0 else float step / float options.Steps

        run.Meter
            { Progress.at Phase.Fit (float step) fraction clock.Elapsed with
                Accepted = accepted
                Rejected = step - accepted
                Step = η
                Residual = error
            }

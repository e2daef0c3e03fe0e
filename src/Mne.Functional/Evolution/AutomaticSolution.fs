namespace Mne.Functional

open System

/// <summary>One of the runs of an automatic evolution: what was chosen for it, and what came of it.</summary>
[<Notebooks.TypeFormatterSource>]
type Resolution =
    {
        /// <summary>ε, the relative error that everything below was chosen for.</summary>
        Accuracy: float
        /// <summary>Whether the network is a sum of waves and nothing else.</summary>
        Waves: bool
        /// <summary>Units in each of the three layers of the network; of a sum of waves, how many in each coordinate.</summary>
        Units: int
        /// <summary>p.</summary>
        Parameters: int
        /// <summary>N.</summary>
        Points: int
        /// <summary>Landmarks, rows of the tangent; N where all points are.</summary>
        Landmarks: int
        /// <summary>λ, (ε / 2)²: the part of u that a kernel with λ lets go is about √λ.</summary>
        Regularisation: float
        /// <summary>The tolerance of steps, ε / 20.</summary>
        Tolerance: float
        /// <summary>Time between draws of points where u is steep; None where points stay.</summary>
        Redrawn: float option
        /// <summary>The relative error of the initial value at points that its fit has not seen.</summary>
        FitError: float
        /// <summary>Evaluations of the vector field.</summary>
        Evaluations: int
        /// <summary>How badly the equation holds between the points, over the whole time: <c>FieldNote.Defect</c> at the end.</summary>
        Defect: float
        /// <summary>
        /// How far its solution is from that of the run before, relative and in the mean over space and times; nan of the first run.
        /// </summary>
        Difference: float
    }

/// <summary>
/// A solution from a tolerance alone: u, the error that it is believed to have, and the runs that tell. It owns the tensors of the solution.
/// </summary>
[<Notebooks.TypeFormatterSource>]
type AutomaticSolution =
    {
        /// <summary>u(t, x), of the last run.</summary>
        Solution: Solution
        /// <summary>
        /// The error that u is believed to have, relative to its root mean square over space and times: from how far the last two runs are
        /// apart, which have networks, points, λ and steps of their own. ∞ where only one run arrived, to which nothing can be compared.
        /// </summary>
        Error: float
        /// <summary>The tolerance that was asked for.</summary>
        Tolerance: float
        /// <summary>All runs, from the coarsest on.</summary>
        Runs: Resolution list
    }

    /// <summary>Whether the error is believed to be within the tolerance.</summary>
    member automatic.Met = automatic.Error <= automatic.Tolerance

    override automatic.ToString() =
        let last = List.last automatic.Runs
        let t0, t1 = automatic.Solution.Trajectory.Start, Solution.stop automatic.Solution

        let error =
            if Double.IsInfinity automatic.Error then
                "an error that is not known, as only one run arrived"
            elif automatic.Met then
                $"a relative error of about {automatic.Error:G2}, as asked ({automatic.Tolerance:G2})"
            else
                $"a relative error of about {automatic.Error:G2}, more than asked ({automatic.Tolerance:G2}): a finer run did not arrive, or would be larger than the program makes it by itself"

        let points =
            match last.Redrawn with
            | Some every -> $"{last.Points} points, drawn anew where u is steep every {every:G2}"
            | None -> $"{last.Points} points"

        let shape =
            if last.Waves then
                $"{last.Units} waves"
            else
                $"Three layers of {last.Units} units"

        let differences =
            automatic.Runs.Tail
            |> List.filter (fun resolution -> not (Double.IsNaN resolution.Difference))
            |> List.map (fun resolution -> $"{resolution.Difference:G2}")
            |> String.concat ", "

        String.concat
            "\n"
            [
                $"u(t, x) for t from {t0:G6} to {t1:G6}, with {error}."
                $"{shape} ({last.Parameters} parameters), {points}, {last.Landmarks} landmarks, λ {last.Regularisation:G2}, steps to {last.Tolerance:G2}, {last.Evaluations} evaluations."
                $"{automatic.Runs.Length} runs; differences between one and the next: {differences}."
            ]

    interface IDisposable with
        member automatic.Dispose() =
            (automatic.Solution :> IDisposable).Dispose()

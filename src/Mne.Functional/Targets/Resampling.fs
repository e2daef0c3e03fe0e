namespace Mne.Functional

open System

/// <summary>Choices in proportion to weights.</summary>
[<RequireQualifiedAccess>]
module Resampling =

    /// <summary>
    /// Systematic resampling: <c>count</c> indices, in order, in proportion to the weights: index i appears ⌊count wᵢ/Σw⌋ or one time more.
    /// </summary>
    /// <param name="shift">Where in the first of <c>count</c> equal parts of the total weight the first choice falls, 0 to 1: uniform at random for
    /// an unbiased choice, ½ for an even one.</param>
    /// <param name="count">How many indices, 1 or more.</param>
    /// <param name="weights">Numbers ≥ 0, not all 0; they need not sum to one.</param>
    /// <exception cref="T:System.ArgumentException">The weights are empty, negative, not finite, or all 0; or another argument is out of range.</exception>
    /// <example><code>
    /// Resampling.systematic 0.5 4 [| 1.0; 2.0; 1.0 |]   // [| 0; 1; 1; 2 |]
    /// </code></example>
    let systematic (shift: float) (count: int) (weights: float[]) : int[] =
        // Arrays of .NET have at most so many elements.
        Guard.within "count" 1 Array.MaxLength count
        Guard.fits "count" count 1

        if not (shift >= 0.0 && shift <= 1.0) then
            Guard.fail "shift" $"found {shift}, wanted 0 to 1"

        match weights |> Array.tryFindIndex (fun w -> not (Double.IsFinite w && w >= 0.0)) with
        | Some i ->
            Guard.fail
                "weights"
                $"found {weights[i]} at {i}, wanted finite numbers, 0 or greater; leave out what has no weight"
        | None -> ()

        let cumulative = Array.scan (+) 0.0 weights |> Array.tail
        let total = if cumulative.Length = 0 then 0.0 else Array.last cumulative

        if not (Double.IsFinite total && total > 0.0) then
            Guard.fail "weights" $"{weights.Length} weights with the sum {total}, wanted a finite sum greater than 0"

        /// The first index at which the cumulated weight reaches a level greater than 0, give or take weights of 0, on which the search may stop
        /// where several sums are equal.
        let reaching level =
            let found = Array.BinarySearch(cumulative, level)
            let i = if found >= 0 then found else ~~~found
            min i (cumulative.Length - 1)

        let rec weighty i =
            if weights[i] > 0.0 then i else weighty (i - 1)

        // A level of 0, which the shift 0 asks for, would be reached by weights of 0 at the head.
        Array.init count (fun i ->
            total * (float i + shift) / float count
            |> max Double.Epsilon
            |> reaching
            |> weighty)

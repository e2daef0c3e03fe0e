namespace Mne.Functional

open System

/// How well an equation holds between the collocation points: θ̇ is solved for at these, and says little of itself there
/// (docs/mathematics.md §1).
module internal Defect =

    /// So many fresh points are measured at, of which every step has others.
    let private count = 32

    /// |∂_t u − A_t u| at fresh points at the end of a step, over |A_t u| and over the size of u.
    let private measure (relativeToSpread: bool) (smallest: float) (field: VectorField) (seed: int) (segment: Segment) =
        Scope.free (fun () ->
            let t = Segment.stop segment
            let y = Segment.evaluate t segment
            let c = segment.Coefficients
            let slope = (c[1] - c[2] - c[3]) ./ segment.Length
            let x = VectorField.points field y

            let points =
                x |> FreshPoints.between field.Network.Domain (min count (Tensor.rows x)) seed

            let change, wanted, u = VectorField.compare field t y slope points

            let size (values: Tensor) =
                if relativeToSpread then
                    Tensor.rms (values - values.mean ([| 0L |], keepdim = true))
                else
                    Tensor.rms values

            let over scale defect =
                if defect = 0.0 then 0.0 else defect / scale

            let defect = size (change - wanted)
            defect |> over (size wanted), defect |> over (max smallest (size u)))

    /// What u misses at walls at the end of a step.
    let private atWalls (field: VectorField) (segment: Segment) : float =
        Scope.free (fun () ->
            let t = Segment.stop segment
            VectorField.misfit field t (Segment.evaluate t segment))

    /// The note of an accepted step, with what was measured at its end: `examine … steps last segment note`, where `last` is the note
    /// of the step before. What cannot be measured, since there is one point only or a function of the equation has no values at
    /// others, is nan from then on.
    let examine
        relativeToSpread
        smallest
        (seed: int)
        (field: VectorField)
        steps
        last
        (segment: Segment)
        (note: FieldNote)
        =
        let fresh, rate, missing =
            try
                if field.PointCount < 2 then
                    nan, nan, nan
                else
                    let fresh, rate =
                        segment |> measure relativeToSpread smallest field (Seed.child steps seed)

                    fresh, rate, atWalls field segment
            with error when not (error :? OperationCanceledException) ->
                nan, nan, nan

        let sofar =
            (match last with
             | Some last -> last.Defect
             | None -> 0.0)
            + abs segment.Length * rate

        { note with
            FreshResidual = fresh
            // An error of u is no smaller at walls than what it misses there.
            Defect = if Double.IsNaN sofar then sofar else max sofar missing
        }

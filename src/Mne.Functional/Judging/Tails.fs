namespace Mne.Functional

open System

/// How fast a density falls far out.
[<RequireQualifiedAccess>]
module internal Tails =

    /// The exponents s with which ρ falls, ρ ~ r^{−s}, at 1,000 times the given length: the smallest of many random directions, and the
    /// smallest of the axes; infinite where s grows with r there, so that ρ falls faster than any power. None when V overflows
    /// that far out.
    let exponents (length: float) (target: Density) : (float * float) option =
        Guard.positive "length" length
        let d = target.Dimension

        Scope.free (fun () ->
            let random = Random.normal Placement.float64 0 [ 64; d ]

            let axes =
                Tensor.ofArray2D
                    Placement.float64
                    (Array2D.init (2 * d) d (fun i k ->
                        if i / 2 <> k then 0.0
                        elif i % 2 = 0 then 1.0
                        else -1.0))

            let directions =
                Tensor.concatenate 0L [ random / random.norm(1).unsqueeze 1L; axes ]

            /// −d log ρ / d log r.
            let slopes r =
                let x = r * length .* directions
                Tensor.toArray (Diff.gradv target.Energy x x)

            try
                let near, far = slopes 30.0, slopes 1000.0

                if Array.exists (Double.IsFinite >> not) (Array.append near far) then
                    None
                else
                    // A power law has the same slope at both; anything faster, a larger one farther out.
                    let exponents =
                        Array.map2 (fun near far -> if far > 0.0 && far > 1.5 * near then infinity else far) near far

                    Some(Array.min exponents[..63], Array.min exponents[64..])
            with :? ArgumentException ->
                None)

    /// The smallest of the exponents, or None when V overflows far out.
    let exponent (length: float) (target: Density) : float option =
        exponents length target |> Option.map (fun (random, axes) -> min random axes)

    /// What the tails say against a density. Random directions stand for a part of space that does not vanish: ρ has to fall faster
    /// there than r^{−d}. Around an axis ρ may fall as slowly as r^{−1}, since it falls beside the axis too.
    let concern (length: float) (target: Density) : Concern option =
        match exponents length target with
        | Some(random, _) when random < float target.Dimension -> Some(Concern.ImproperEnergy random)
        | Some(_, axes) when axes < 1.0 -> Some(Concern.ImproperEnergy axes)
        | Some(random, axes) when Double.IsFinite(min random axes) -> Some(Concern.HeavyTails(min random axes))
        | _ -> None

namespace Mne.Functional

open System
open TorchSharp

/// How fast a density falls far out.
[<RequireQualifiedAccess>]
module internal Tails =

    /// So far above the lowest values near 0, and ten more for every dimension, V may do what it likes, as the inside of a high wall: a power law
    /// would have to have an exponent of 72 to be so low.
    let private beyondSight = 500.0

    /// The exponents s with which ρ falls, ρ ~ r^{−s}, at 1,000 times the given length: the smallest of many random directions, and the
    /// smallest of the axes; infinite where s grows with r there, so that ρ falls faster than any power. Directions in which V is not finite
    /// that far out are left out; None when it is finite in none.
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

            /// −d log ρ / d log r (64 + 2 d), where V is finite, as in `places`.
            let slopes (places: int[]) r =
                let x = r * length .* Tensor.pick places directions
                Tensor.toArray (Diff.gradv target.Energy x x)

            try
                let farOut = Tensor.toArray (target.Energy(1000.0 * length .* directions))

                let lowest =
                    [ 0.0; 1.0 ]
                    |> List.map (fun r -> Tensor.toFloat ((target.Energy(r * length .* directions)).min()))
                    |> List.min

                // Behind a wall, or where V overflows, there is no tail.
                let places =
                    [|
                        for place, value in Array.indexed farOut do
                            if Double.IsFinite value then
                                place
                    |]

                if places.Length = 0 then
                    None
                else
                    let near, far = slopes places 30.0, slopes places 1000.0

                    if Array.exists (Double.IsFinite >> not) (Array.append near far) then
                        None
                    else
                        // A power law has the same slope at both; anything faster, a larger one farther out.
                        let exponents =
                            [|
                                for i, place in Array.indexed places do
                                    let faster = far[i] > 0.0 && far[i] > 1.5 * near[i]
                                    let negligible = farOut[place] > lowest + beyondSight + 10.0 * float d
                                    place, (if faster || negligible then infinity else far[i])
                            |]

                        let least kind =
                            (infinity, exponents)
                            ||> Array.fold (fun least (place, exponent) ->
                                if kind place then min least exponent else least)

                        Some(least (fun place -> place < 64), least (fun place -> place >= 64))
            with :? ArgumentException ->
                None)

    /// The smallest of the exponents, or None when V is finite nowhere far out.
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

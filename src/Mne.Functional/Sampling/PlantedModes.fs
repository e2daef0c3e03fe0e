namespace Mne.Functional

open System
open TorchSharp

/// A test of the search for modes: whether it would find others like those that it found.
[<RequireQualifiedAccess>]
module internal PlantedModes =

    /// Places where further modes would be if all were strewn by one normal distribution (count × d).
    let private strewn seed (count: int) (modes: Mode list) : float[,] =
        let centres = modes |> List.map _.Centre |> array2D
        let k, d = Array2D.length1 centres, Array2D.length2 centres

        Scope.free (fun () ->
            let centres = Tensor.ofArray2D Placement.float64 centres
            let normal = Random.normal Placement.float64 (Seed.child 0 seed) [ count; d ]

            // Two of them are √2 of its deviations apart, and their mean is known to one in √K.
            let difference =
                let pairs =
                    [|
                        for i in 0 .. k - 1 do
                            for j in 0 .. i - 1 -> i, j
                    |]

                let pick index =
                    Tensor.pick [| for n in 0 .. count - 1 -> index pairs[n % pairs.Length] |] centres

                pick fst - pick snd

            let size = sqrt (0.5 * (1.0 + 1.0 / float k))
            Tensor.toArray2D (centres.mean [| 0L |] .+ size .* normal * difference))

    /// Modes that the test plants, of which at least a quarter have to stand out.
    let private plantedCount = 16

    /// How wide they are, compared with those that were found.
    let narrower = 0.7

    /// A search that finds less of them is blind.
    let leastRecovered = 0.1

    /// Copies of the modes that were found, elsewhere and somewhat narrower, are planted into the density; the part of them
    /// that one round finds. None where copies do not stand out from the density, as where `modes` are parts of one.
    let recovered (run: Run) (target: Density) (modes: Mode list) : float option =
        Scope.free (fun () ->
            use _ = torch.no_grad ()
            let places = strewn (Seed.child 0 run.Seed) plantedCount modes

            let copies =
                [
                    for j in 0 .. plantedCount - 1 ->
                        let mode = modes[j % modes.Length]

                        { mode with
                            Centre = places[j, *]
                            Covariance = mode.Covariance |> Array2D.map (fun c -> narrower * narrower * c)
                            Whitener = mode.Whitener |> Array2D.map (fun w -> w / narrower)
                        }
                ]

            let top = copies |> List.map _.LogMass |> List.max
            let mass = top + log (copies |> List.sumBy (fun copy -> exp (copy.LogMass - top)))
            let normals = Normals.ofMixture Placement.float64 (Search.mixture 1.0 copies)

            let planting points =
                mass .+ Normals.logDensity normals points

            let own points =
                (-(target.Energy points)).nan_to_num(-infinity, infinity, -infinity)

            let planted =
                { target with
                    Energy = fun points -> -((own points).logaddexp(planting points))
                }

            /// Those whose own height is well above the density where they are.
            let standing =
                Tensor.toArray (own (Tensor.ofArray2D Placement.float64 places))
                |> Array.toList
                |> List.zip copies
                |> List.filter (fun (copy, own) -> -copy.Energy - float target.Dimension * log narrower > own + 3.0)
                |> List.map fst

            if 4 * standing.Length < plantedCount then
                None
            else
                let found = Search.round run planted modes (Seed.child 1 run.Seed)

                let isFound copy =
                    found
                    |> List.exists (fun mode ->
                        (Tensor.ofRows Placement.float64 [ mode.Centre ] |> Descent.distances copy)[0] < 1.0)

                Some(float (standing |> List.filter isFound |> List.length) / float standing.Length))

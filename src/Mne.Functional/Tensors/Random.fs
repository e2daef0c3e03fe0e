namespace Mne.Functional

open TorchSharp

/// Random numbers from explicit seeds: the same seed on the same machine gives the same bits.
[<RequireQualifiedAccess>]
module Random =

    /// A seed that is, for all practical purposes, independent of `seed` and of its other children
    /// (the finaliser of SplitMix64; Steele, Lea and Flood, OOPSLA 2014).
    let child (index: int) (seed: int) : int =
        let mix (z: uint64) =
            let z = (z ^^^ (z >>> 30)) * 0xbf58476d1ce4e5b9UL
            let z = (z ^^^ (z >>> 27)) * 0x94d049bb133111ebUL
            z ^^^ (z >>> 31)

        int (
            mix (uint64 (uint32 seed) * 0x9e3779b97f4a7c15UL + uint64 (uint32 index) + 1UL)
            >>> 33
        )

    let private generate placement (seed: int) (shape: int list) draw : Tensor =
        NativeTorch.ensure ()

        Scope.keep (fun () ->
            // Drawn on the CPU in double precision whatever the placement, so that a seed means the same points everywhere.
            use generator = new torch.Generator(uint64 (uint32 seed), torch.CPU)
            let values: Tensor = draw (shape |> List.map int64 |> List.toArray) generator
            Tensor.place placement values)

    /// Standard normal numbers of the given shape.
    let normal placement seed shape : Tensor =
        generate placement seed shape (fun (size: int64[]) generator ->
            torch.randn (size, dtype = torch.ScalarType.Float64, generator = generator))

    /// Numbers uniform on [0, 1) of the given shape.
    let uniform placement seed shape : Tensor =
        generate placement seed shape (fun (size: int64[]) generator ->
            torch.rand (size, dtype = torch.ScalarType.Float64, generator = generator))

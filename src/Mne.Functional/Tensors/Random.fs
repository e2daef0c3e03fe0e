namespace Mne.Functional

open TorchSharp

/// <summary>
/// Random numbers from explicit seeds (<c>Seed</c>): the same seed on the same machine gives the same bits.
/// </summary>
[<RequireQualifiedAccess>]
module Random =

    let private generate placement (seed: int) (shape: int list) draw : Tensor =
        NativeTorch.ensure ()

        Tensor.checkShape shape

        Scope.keep (fun () ->
            // Drawn on the CPU in double precision whatever the placement, so that a seed means the same points everywhere.
            use generator = new torch.Generator(uint64 (uint32 seed), torch.CPU)
            let values: Tensor = draw (shape |> List.map int64 |> List.toArray) generator
            Tensor.place placement values)

    /// <summary>Standard normal numbers of the given shape.</summary>
    /// <param name="placement">Precision and device, such as <c>Placement.float64</c>.</param>
    /// <param name="seed">Seed of everything random here: the same seed gives the same numbers.</param>
    /// <param name="shape">The size of each dimension.</param>
    let normal placement seed shape : Tensor =
        generate placement seed shape (fun (size: int64[]) generator ->
            torch.randn (size, dtype = torch.ScalarType.Float64, generator = generator))

    /// <summary>Numbers uniform on [0, 1) of the given shape.</summary>
    /// <param name="placement">Precision and device, such as <c>Placement.float64</c>.</param>
    /// <param name="seed">Seed of everything random here: the same seed gives the same numbers.</param>
    /// <param name="shape">The size of each dimension.</param>
    let uniform placement seed shape : Tensor =
        generate placement seed shape (fun (size: int64[]) generator ->
            torch.rand (size, dtype = torch.ScalarType.Float64, generator = generator))

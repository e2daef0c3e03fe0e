namespace Mne.Functional

/// <summary>
/// Seeds of random numbers, made from one another: a computation with one seed gives each of its parts a seed of its
/// own.
/// </summary>
[<RequireQualifiedAccess>]
module Seed =

    /// <summary>
    /// A seed that is, for all practical purposes, independent of <c>seed</c> and of its other children
    /// (the finaliser of SplitMix64; Steele, Lea and Flood, OOPSLA 2014).
    /// </summary>
    /// <param name="index">Which child, such as the role that it plays.</param>
    /// <param name="seed">Seed of everything random here: the same seed gives the same numbers.</param>
    let child (index: int) (seed: int) : int =
        let mix (z: uint64) =
            let z = (z ^^^ (z >>> 30)) * 0xbf58476d1ce4e5b9UL
            let z = (z ^^^ (z >>> 27)) * 0x94d049bb133111ebUL
            z ^^^ (z >>> 31)

        int (
            mix (uint64 (uint32 seed) * 0x9e3779b97f4a7c15UL + uint64 (uint32 index) + 1UL)
            >>> 33
        )

namespace Mne.Functional

/// What functions of the caller's are given: a copy, through which gradients flow, so that one that changes its argument in place
/// harms nobody.
[<RequireQualifiedAccess>]
module internal Lent =

    /// f of a copy, which is freed unless it is what f returns.
    let one (f: Tensor -> Tensor) (x: Tensor) : Tensor =
        let copy = x.clone ()
        let y = f copy

        if not (obj.ReferenceEquals(y, copy)) then
            copy.Dispose()

        y

    /// f of two copies.
    let two (f: Tensor -> Tensor -> Tensor) (x: Tensor) (y: Tensor) : Tensor = one (fun x -> one (f x) y) x

namespace Mne.Functional

/// The rows of an equation, and below them those of conditions at walls, for which the same θ̇ is looked for.
type internal Stacked =
    {
        /// m N rows.
        Own: Tangent
        /// W rows, and how much each of them weighs, relative to all rows of the equation (W).
        Further: (Tangent * Tensor) option
    }

[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module internal Stacked =

    /// The rows of an equation alone.
    let alone (tangent: Tangent) : Stacked = { Own = tangent; Further = None }

    /// What the further rows are multiplied by for their weights (W), where the squared norms of the equation's have this sum.
    let factors (size: float) (further: Tangent, weights: Tensor) : Tensor =
        Scope.keep (fun () ->
            let norms = Tangent.squaredNorms further
            let least = 1e-12 * Tensor.toFloat (norms.max ())
            (size .* weights / norms.ClampMin least).sqrt())

    /// The lower triangle of the kernel of all rows, of which the further ones are multiplied by w; what is above is not the kernel's.
    let lowerKernel (own: Tangent) (further: Tangent) (w: Tensor) : Tensor =
        Scope.keep (fun () ->
            let corner = Tangent.lowerKernel further * w * w.unsqueeze 1L
            let across = Tangent.kernel own further * w

            Tensor.concatenate
                1L
                [
                    Tensor.concatenate 0L [ Tangent.lowerKernel own; across.t () ]
                    Tensor.concatenate 0L [ across; corner ]
                ])

    /// The kernel of all rows with some of the equation's and all further ones, which are multiplied by w.
    let kernel (own: Tangent) (selected: Tangent) (further: Tangent) (w: Tensor) : Tensor =
        Scope.keep (fun () ->
            let column = w.unsqueeze 1L

            Tensor.concatenate
                1L
                [
                    Tensor.concatenate 0L [ Tangent.kernel own selected; column * Tangent.kernel further selected ]
                    Tensor.concatenate
                        0L
                        [ Tangent.kernel own further * w; column * Tangent.kernel further further * w ]
                ])

    /// Jᵀ v (p) for a number for each of the equation's rows and of the further ones, which are multiplied by w.
    let transposeTimes (own: Tangent) (further: Tangent) (w: Tensor) (v: Tensor) : Tensor =
        Scope.keep (fun () ->
            let s = int64 (Tangent.rows own)

            Tangent.transposeTimes (v.narrow (0L, 0L, s)) own
            .+ Tangent.transposeTimes (w * v.narrow (0L, s, w.shape[0])) further)

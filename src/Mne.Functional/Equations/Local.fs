namespace Mne.Functional

/// <summary>What the right-hand side of an evolution equation can see: time, points, and the jet of u there.</summary>
type Local =
    {
        /// <summary>t.</summary>
        Time: float
        /// <summary>X (N × d).</summary>
        Points: Tensor
        /// <summary>u and the derivatives that the term asked for, at the points, for all components of u.</summary>
        Jet: Jet
    }

    /// A function of copies, as functions of the caller's are given.
    static member internal lend (f: Local -> Tensor) (local: Local) : Tensor =
        Lent.two
            (fun points data ->
                f
                    { local with
                        Points = points
                        Jet = { local.Jet with Data = data }
                    })
            local.Points
            local.Jet.Data

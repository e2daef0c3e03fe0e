namespace Mne.Functional

open PureHDF

/// Draws in files.
module internal DrawsFile =

    /// Raises unless there is one of each per draw.
    let check (draws: Draws) =
        Guard.cloud "Points" draws.Points
        let rows = Tensor.rows draws.Points
        Guard.vector "LogProposal" rows draws.LogProposal
        Guard.vector "LogWeights" rows draws.LogWeights

    let put (group: H5Group) (draws: Draws) : unit =
        group["points"] <- Hdf5.tensor draws.Points
        group["logProposal"] <- Hdf5.tensor draws.LogProposal
        group["logWeights"] <- Hdf5.tensor draws.LogWeights

    let get (group: IH5Group) : Draws =
        {
            Points = Hdf5.getTensor "points" group
            LogProposal = Hdf5.getTensor "logProposal" group
            LogWeights = Hdf5.getTensor "logWeights" group
        }

    let save (path: string) (problem: string) (draws: Draws) : string =
        check draws

        Hdf5.write path "draws" problem (fun file ->
            put file draws
            [])

    let opened (path: string) : Draws =
        // A posterior has its draws under the same names.
        Draws.keep (fun () -> Hdf5.read path [ "draws"; "posterior" ] get)

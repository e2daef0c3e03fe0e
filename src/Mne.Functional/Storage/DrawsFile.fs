namespace Mne.Functional

/// Draws in files.
module internal DrawsFile =

    /// Raises unless there is one of each per draw.
    let check (draws: Draws) =
        Guard.cloud "Points" draws.Points
        let rows = Tensor.rows draws.Points
        Guard.vector "LogProposal" rows draws.LogProposal
        Guard.vector "LogWeights" rows draws.LogWeights

    let save (path: string) (problem: string) (draws: Draws) : string =
        check draws

        Hdf5.write path "draws" problem (fun file ->
            file["points"] <- Hdf5.tensor draws.Points
            file["logProposal"] <- Hdf5.tensor draws.LogProposal
            file["logWeights"] <- Hdf5.tensor draws.LogWeights
            [])

    let opened (path: string) : Draws =
        Scope.keepAll (fun (draws: Draws) -> [ draws.Points; draws.LogProposal; draws.LogWeights ]) (fun () ->
            Hdf5.read path [ "draws" ] (fun file ->
                {
                    Points = Hdf5.getTensor "points" file
                    LogProposal = Hdf5.getTensor "logProposal" file
                    LogWeights = Hdf5.getTensor "logWeights" file
                }))

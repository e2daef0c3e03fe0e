namespace Mne.Functional

/// One component of a network of several.
[<RequireQualifiedAccess>]
module internal Component =

    let network (index: int) (network: Network) : Network =
        if index < 0 || index >= network.Outputs then
            Guard.fail
                "component"
                $"component {index} asked for, but u has {network.Outputs} (components 0 to {network.Outputs - 1})"

        if network.Outputs = 1 then
            network
        else
            { network with
                Outputs = 1
                Recipe = NetworkRecipe.Component(index, network.Recipe)
                Propagate = fun request θ points -> network.Propagate request θ points |> Jet.ofComponent index
                Linearise = fun θ points -> network.Linearise θ points |> Tangent.ofComponent index network.Outputs
            }

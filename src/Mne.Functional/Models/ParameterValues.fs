namespace Mne.Functional

open TorchSharp

/// <summary>
/// What a model's formula is given: a tensor for every quantity by its name, for M points at once. A number is a column (M × 1), a vector of n numbers
/// M × n, a matrix M × n × m, so that numbers and vectors meet data (n) in formulas as M × n.
/// </summary>
type ParameterValues internal (values: Map<string, Tensor>) =

    /// <summary>The values of the quantity of that name (M × its shape; M × 1 for a number).</summary>
    /// <exception cref="T:System.ArgumentException">There is none of that name.</exception>
    member _.Item
        with get (name: string): Tensor =
            Guard.named "name" name

            match Map.tryFind name values with
            | Some tensor -> tensor
            | None ->
                let known =
                    values |> Map.keys |> Seq.map (fun name -> $"\"{name}\"") |> String.concat ", "

                Guard.fail "name" $"found \"{name}\", wanted one of {known}"

    /// <summary>The names, in the order of the alphabet.</summary>
    member _.Names: string list = values |> Map.keys |> List.ofSeq

    /// With one more, in the shape in which formulas see it.
    member internal _.With (name: string) (shape: int list) (value: Tensor) : ParameterValues =
        let seen =
            if shape.IsEmpty && value.dim () = 1L then
                value.unsqueeze 1L
            else
                value

        ParameterValues(Map.add name seen values)

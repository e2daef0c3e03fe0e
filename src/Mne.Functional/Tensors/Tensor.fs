namespace Mne.Functional

open System
open TorchSharp

/// A differentiable multi-dimensional array: libtorch's tensor, on the CPU or on a CUDA device.
type Tensor = torch.Tensor

/// How precise the numbers are.
type Precision =
    /// 64 bits, unit round-off 2.2e-16: the default.
    | Float64
    /// 32 bits, unit round-off 1.2e-7: less memory and time for less accuracy.
    | Float32

/// Where the numbers are held and computed with.
type Device =
    /// The processor.
    | Cpu
    /// The NVIDIA card with the given index.
    | Cuda of index: int

/// The element type and the device of a computation.
type Placement =
    {
        /// How precise the numbers are.
        Precision: Precision
        /// Where they are.
        Device: Device
    }

/// Element type and device.
[<RequireQualifiedAccess>]
module Placement =

    /// Double precision on the CPU: the default.
    let float64 = { Precision = Float64; Device = Cpu }

    /// Single precision on the CPU.
    let float32 = { Precision = Float32; Device = Cpu }

    /// The same precision on the CUDA device with the given index.
    /// Raises `ArgumentException` when libtorch finds no such device.
    let onCuda index placement =
        NativeTorch.ensure ()

        let found =
            if torch.cuda.is_available () then
                torch.cuda.device_count ()
            else
                0

        if index < 0 || index >= found then
            raise (
                ArgumentException(
                    $"index: CUDA device {index} asked for, but libtorch finds {found} of them; reference the libtorch-cuda package instead of libtorch-cpu, or stay on the CPU",
                    nameof index
                )
            )

        { placement with Device = Cuda index }

    /// The placement of an existing tensor. Raises `ArgumentException` when its elements are not real floating-point
    /// numbers of 32 or 64 bits.
    let ofTensor (tensor: Tensor) =
        {
            Precision =
                match tensor.dtype with
                | torch.ScalarType.Float64 -> Float64
                | torch.ScalarType.Float32 -> Float32
                | other ->
                    raise (
                        ArgumentException(
                            $"tensor: found {other}, wanted Float64 or Float32; convert it with ``to``",
                            nameof tensor
                        )
                    )
            Device =
                if tensor.device_type = DeviceType.CUDA then
                    Cuda tensor.device_index
                else
                    Cpu
        }

    /// The unit round-off: 2.2e-16 in double, 1.2e-7 in single precision.
    let epsilon placement =
        match placement.Precision with
        | Float64 -> 2.220446049250313e-16
        | Float32 -> 1.1920929e-7

    /// libtorch's name of the element type.
    let internal dtype placement =
        match placement.Precision with
        | Float64 -> torch.ScalarType.Float64
        | Float32 -> torch.ScalarType.Float32

    /// libtorch's device. Every tensor is made through here, so here the natives are loaded.
    let internal device placement =
        NativeTorch.ensure ()

        match placement.Device with
        | Cpu -> torch.CPU
        | Cuda index -> torch.device (DeviceType.CUDA, index)

/// Disposal of intermediate tensors. TorchSharp frees a tensor when its scope ends; a loop that runs long opens a
/// scope for each of its iterations, so that memory does not grow until the garbage collector happens to run.
[<RequireQualifiedAccess>]
module Scope =

    /// A scope may be the first thing that a program asks of libtorch.
    let private start () =
        NativeTorch.ensure ()
        torch.NewDisposeScope()

    /// Runs `compute` and frees every tensor that it made, except the one that it returns.
    let keep (compute: unit -> Tensor) : Tensor =
        use _ = start ()
        compute().MoveToOuterDisposeScope()

    /// Runs `compute` and frees every tensor that it made, except those that `survivors` lists of its result.
    let keepAll (survivors: 'a -> Tensor list) (compute: unit -> 'a) : 'a =
        use _ = start ()
        let result = compute ()

        for tensor in survivors result do
            tensor.MoveToOuterDisposeScope() |> ignore

        result

    /// Runs `compute`, whose result holds no tensor, and frees every tensor that it made.
    let free (compute: unit -> 'a) : 'a =
        use _ = start ()
        compute ()

    /// Takes the tensors out of every scope: they live until they are disposed of or garbage-collected.
    let detach (tensors: Tensor list) =
        for tensor in tensors do
            tensor.DetachFromDisposeScope() |> ignore

/// Tensors with an explicit placement. Points are the rows of an N × d tensor.
[<RequireQualifiedAccess>]
module Tensor =

    /// A vector (N) from numbers.
    let ofArray placement (values: float[]) : Tensor =
        torch.tensor (values, dtype = Placement.dtype placement, device = Placement.device placement)

    /// A matrix (N × d) from a two-dimensional array.
    let ofArray2D placement (values: float[,]) : Tensor =
        torch.tensor (values, dtype = Placement.dtype placement, device = Placement.device placement)

    /// Points (N × d) from rows of equal length.
    /// Raises `ArgumentException` when the rows differ in length.
    let ofRows placement (rows: float seq seq) : Tensor =
        let rows = rows |> Seq.map Seq.toArray |> Seq.toArray
        let width = if rows.Length = 0 then 0 else rows[0].Length

        rows
        |> Array.iteri (fun i row ->
            if row.Length <> width then
                raise (
                    ArgumentException(
                        $"rows: row {i} has {row.Length} numbers, row 0 has {width}; give rows of equal length",
                        nameof rows
                    )
                ))

        ofArray2D placement (Array2D.init rows.Length width (fun i j -> rows[i][j]))

    /// One number as a tensor without dimensions.
    let scalar placement (value: float) : Tensor =
        torch.tensor (value, dtype = Placement.dtype placement, device = Placement.device placement)

    /// Zeros of the given shape.
    let zeros placement (shape: int list) : Tensor =
        torch.zeros (
            shape |> List.map int64 |> List.toArray,
            dtype = Placement.dtype placement,
            device = Placement.device placement
        )

    /// Ones of the given shape.
    let ones placement (shape: int list) : Tensor =
        torch.ones (
            shape |> List.map int64 |> List.toArray,
            dtype = Placement.dtype placement,
            device = Placement.device placement
        )

    /// `count` equidistant numbers from `first` to `last`, both included.
    let linspace placement (first: float) (last: float) (count: int) : Tensor =
        torch.linspace (
            first,
            last,
            int64 count,
            dtype = Placement.dtype placement,
            device = Placement.device placement
        )

    /// All elements, row by row, in double precision.
    let toArray (tensor: Tensor) : float[] =
        Scope.free (fun () ->
            tensor.detach().cpu().``to``(torch.ScalarType.Float64).contiguous().reshape(-1L).data<float>().ToArray())

    /// The elements of a matrix in double precision. Raises `ArgumentException` for a tensor of another rank.
    let toArray2D (tensor: Tensor) : float[,] =
        if tensor.dim () <> 2L then
            raise (
                System.ArgumentException($"tensor: found the shape %A{tensor.shape}, wanted a matrix", nameof tensor)
            )

        let values = toArray tensor
        let columns = int tensor.shape[1]
        Array2D.init (int tensor.shape[0]) columns (fun i j -> values[i * columns + j])

    /// The only element of a tensor, in double precision.
    let toFloat (tensor: Tensor) : float =
        Scope.free (fun () -> tensor.detach().cpu().``to``(torch.ScalarType.Float64).item<float>())

    /// Tensors end to end along an existing dimension.
    let concatenate (dimension: int64) (tensors: Tensor seq) : Tensor =
        torch.cat (ResizeArray tensors, dimension)

    /// Tensors of equal shape side by side along a new dimension.
    let stack (dimension: int64) (tensors: Tensor seq) : Tensor =
        torch.stack (ResizeArray tensors, dimension)

    /// The same numbers with another placement.
    let place placement (tensor: Tensor) : Tensor =
        tensor.``to`` (Placement.dtype placement, Placement.device placement)

    /// Number of rows.
    let rows (tensor: Tensor) = int tensor.shape[0]

    /// The rows with the given indices.
    let pick (indices: int[]) (tensor: Tensor) : Tensor =
        Scope.keep (fun () -> tensor.index_select (0L, torch.tensor (Array.map int64 indices, device = tensor.device)))

    /// Whether every element is a finite number.
    let isFinite (tensor: Tensor) : bool =
        // A sum is finite unless some element is not (or the sum overflows, which is as bad).
        Double.IsFinite(
            Scope.free (fun () -> tensor.detach().sum().cpu().``to``(torch.ScalarType.Float64).item<float>())
        )

    /// Root mean square of all elements.
    let rms (tensor: Tensor) : float =
        Scope.free (fun () -> toFloat (tensor.square().mean().sqrt()))

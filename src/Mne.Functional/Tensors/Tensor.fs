namespace Mne.Functional

open System
open TorchSharp

/// <summary>A differentiable multi-dimensional array: libtorch's tensor, on the CPU or on a CUDA device.</summary>
type Tensor = torch.Tensor

/// <summary>How precise the numbers are.</summary>
[<RequireQualifiedAccess>]
type Precision =
    /// <summary>64 bits, unit round-off 2.2e-16: the default.</summary>
    | Float64
    /// <summary>32 bits, unit round-off 1.2e-7: less memory and time for less accuracy.</summary>
    | Float32

/// <summary>Where the numbers are held and computed with.</summary>
[<RequireQualifiedAccess>]
type Device =
    /// <summary>The processor.</summary>
    | Cpu
    /// <summary>The NVIDIA card with the given index.</summary>
    | Cuda of index: int

/// <summary>The element type and the device of a computation.</summary>
[<Notebooks.TypeFormatterSource>]
type Placement =
    {
        /// <summary>How precise the numbers are.</summary>
        Precision: Precision
        /// <summary>Where they are.</summary>
        Device: Device
    }

/// <summary>Element type and device.</summary>
[<RequireQualifiedAccess>]
module Placement =

    /// <summary>Double precision on the CPU: the default.</summary>
    let float64 =
        {
            Precision = Precision.Float64
            Device = Device.Cpu
        }

    /// <summary>Single precision on the CPU.</summary>
    let float32 =
        {
            Precision = Precision.Float32
            Device = Device.Cpu
        }

    /// <summary>The same precision on the CUDA device with the given index.</summary>
    /// <param name="index">Which CUDA device, counted from 0.</param>
    /// <param name="placement">Gives the precision.</param>
    /// <exception cref="T:System.ArgumentException">Libtorch finds no such device.</exception>
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

        { placement with
            Device = Device.Cuda index
        }

    /// <summary>The placement of an existing tensor.</summary>
    /// <exception cref="T:System.ArgumentException">Its elements are not real floating-point numbers of 32 or 64
    /// bits.</exception>
    let ofTensor (tensor: Tensor) =
        if isNull (box tensor) || tensor.IsInvalid then
            raise (ArgumentException("tensor: found none, or one that was disposed of; keep it alive", nameof tensor))

        {
            Precision =
                match tensor.dtype with
                | torch.ScalarType.Float64 -> Precision.Float64
                | torch.ScalarType.Float32 -> Precision.Float32
                | other ->
                    raise (
                        ArgumentException(
                            $"tensor: found {other}, wanted Float64 or Float32; convert it with ``to``",
                            nameof tensor
                        )
                    )
            Device =
                if tensor.device_type = DeviceType.CUDA then
                    Device.Cuda tensor.device_index
                else
                    Device.Cpu
        }

    /// <summary>The unit round-off: 2.2e-16 in double, 1.2e-7 in single precision.</summary>
    let epsilon placement =
        match placement.Precision with
        | Precision.Float64 -> 2.220446049250313e-16
        | Precision.Float32 -> 1.1920929e-7

    /// libtorch's name of the element type.
    let internal dtype placement =
        match placement.Precision with
        | Precision.Float64 -> torch.ScalarType.Float64
        | Precision.Float32 -> torch.ScalarType.Float32

    /// libtorch's device. Every tensor is made through here, so here the natives are loaded.
    let internal device placement =
        NativeTorch.ensure ()

        match placement.Device with
        | Device.Cpu -> torch.CPU
        | Device.Cuda index -> torch.device (DeviceType.CUDA, index)

/// <summary>
/// Disposal of intermediate tensors. TorchSharp frees a tensor when its scope ends; a loop that runs long opens a
/// scope for each of its iterations, so that memory does not grow until the garbage collector happens to run.
/// </summary>
[<RequireQualifiedAccess>]
module Scope =

    /// A scope may be the first thing that a program asks of libtorch.
    let private start () =
        NativeTorch.ensure ()
        torch.NewDisposeScope()

    /// <summary>Runs <c>compute</c> and frees every tensor that it made, except the one that it returns.</summary>
    let keep (compute: unit -> Tensor) : Tensor =
        use _ = start ()
        compute().MoveToOuterDisposeScope()

    /// <summary>
    /// Runs <c>compute</c> and frees every tensor that it made, except those that <c>survivors</c> lists of its result.
    /// </summary>
    /// <param name="survivors">The tensors of the result that are to stay.</param>
    /// <param name="compute">What is computed.</param>
    let keepAll (survivors: 'a -> Tensor list) (compute: unit -> 'a) : 'a =
        use _ = start ()
        let result = compute ()

        for tensor in survivors result do
            tensor.MoveToOuterDisposeScope() |> ignore

        result

    /// <summary>Runs <c>compute</c>, whose result holds no tensor, and frees every tensor that it made.</summary>
    let free (compute: unit -> 'a) : 'a =
        use _ = start ()
        compute ()

    /// <summary>
    /// Takes the tensors out of every scope: they live until they are disposed of or garbage-collected.
    /// </summary>
    let detach (tensors: Tensor list) =
        for tensor in tensors do
            tensor.DetachFromDisposeScope() |> ignore

/// <summary>Tensors with an explicit placement. Points are the rows of an N × d tensor.</summary>
[<RequireQualifiedAccess>]
module Tensor =

    /// <summary>A vector (N) from numbers.</summary>
    /// <param name="placement">Precision and device, such as <c>Placement.float64</c>.</param>
    /// <param name="values">The numbers (N).</param>
    let ofArray placement (values: float[]) : Tensor =
        torch.tensor (values, dtype = Placement.dtype placement, device = Placement.device placement)

    /// <summary>A matrix (N × d) from a two-dimensional array.</summary>
    /// <param name="placement">Precision and device, such as <c>Placement.float64</c>.</param>
    /// <param name="values">The numbers (N × d).</param>
    let ofArray2D placement (values: float[,]) : Tensor =
        torch.tensor (values, dtype = Placement.dtype placement, device = Placement.device placement)

    /// <summary>Points (N × d) from rows of equal length.</summary>
    /// <param name="placement">Precision and device, such as <c>Placement.float64</c>.</param>
    /// <param name="rows">Rows of equal length.</param>
    /// <exception cref="T:System.ArgumentException">The rows differ in length.</exception>
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

    /// <summary>One number as a tensor without dimensions.</summary>
    /// <param name="placement">Precision and device, such as <c>Placement.float64</c>.</param>
    /// <param name="value">The number.</param>
    let scalar placement (value: float) : Tensor =
        torch.tensor (value, dtype = Placement.dtype placement, device = Placement.device placement)

    /// Raises for a shape that no tensor has, or that the memory cannot hold.
    let internal checkShape (shape: int list) : unit =
        let refuse found =
            raise (ArgumentException($"shape: found %A{shape}, {found}", nameof shape))

        if shape |> List.exists (fun n -> n < 0) then
            refuse "wanted no size below 0"

        let bytes = shape |> List.fold (fun product n -> product * float n) 8.0

        if bytes > 1e9 && bytes > float (GC.GetGCMemoryInfo().TotalAvailableMemoryBytes) then
            refuse $"which takes {bytes / 1e9:F0} GB, more than the memory there is; wanted less"

    /// <summary>Zeros of the given shape.</summary>
    /// <param name="placement">Precision and device, such as <c>Placement.float64</c>.</param>
    /// <param name="shape">The size of each dimension.</param>
    let zeros placement (shape: int list) : Tensor =
        checkShape shape

        torch.zeros (
            shape |> List.map int64 |> List.toArray,
            dtype = Placement.dtype placement,
            device = Placement.device placement
        )

    /// <summary>Ones of the given shape.</summary>
    /// <param name="placement">Precision and device, such as <c>Placement.float64</c>.</param>
    /// <param name="shape">The size of each dimension.</param>
    let ones placement (shape: int list) : Tensor =
        checkShape shape

        torch.ones (
            shape |> List.map int64 |> List.toArray,
            dtype = Placement.dtype placement,
            device = Placement.device placement
        )

    /// <summary><c>count</c> equidistant numbers from <c>first</c> to <c>last</c>, both included.</summary>
    /// <param name="placement">Precision and device, such as <c>Placement.float64</c>.</param>
    /// <param name="first">The first number.</param>
    /// <param name="last">The last number.</param>
    /// <param name="count">How many numbers, at least 2.</param>
    let linspace placement (first: float) (last: float) (count: int) : Tensor =
        if count < 1 then
            raise (ArgumentException($"count: found {count}, wanted at least 1", nameof count))

        checkShape [ count ]

        torch.linspace (
            first,
            last,
            int64 count,
            dtype = Placement.dtype placement,
            device = Placement.device placement
        )

    /// Raises for a tensor that is not there.
    let private there (tensor: Tensor) : unit =
        if isNull (box tensor) || tensor.IsInvalid then
            raise (ArgumentException("tensor: found none, or one that was disposed of; keep it alive", nameof tensor))

    /// <summary>All elements, row by row, in double precision.</summary>
    let toArray (tensor: Tensor) : float[] =
        there tensor

        Scope.free (fun () ->
            tensor.detach().cpu().``to``(torch.ScalarType.Float64).contiguous().reshape(-1L).data<float>().ToArray())

    /// <summary>The elements of a matrix in double precision.</summary>
    /// <exception cref="T:System.ArgumentException">For a tensor of another rank.</exception>
    let toArray2D (tensor: Tensor) : float[,] =
        there tensor

        if tensor.dim () <> 2L then
            raise (
                System.ArgumentException($"tensor: found the shape %A{tensor.shape}, wanted a matrix", nameof tensor)
            )

        let values = toArray tensor
        let columns = int tensor.shape[1]
        Array2D.init (int tensor.shape[0]) columns (fun i j -> values[i * columns + j])

    /// <summary>The only element of a tensor, in double precision.</summary>
    let toFloat (tensor: Tensor) : float =
        there tensor

        if tensor.numel () <> 1L then
            raise (
                ArgumentException(
                    $"tensor: found {tensor.numel ()} elements, wanted one; take one of them, or Tensor.toArray",
                    nameof tensor
                )
            )

        Scope.free (fun () -> tensor.detach().cpu().``to``(torch.ScalarType.Float64).item<float>())

    /// The tensors as a list, of which there is one at least, for a dimension that is one of theirs or, with `more`, a further one.
    let private along (more: int64) (dimension: int64) (tensors: Tensor seq) : ResizeArray<Tensor> =
        let all = ResizeArray tensors

        if all.Count = 0 then
            raise (ArgumentException("tensors: found none, wanted at least one", nameof tensors))

        Seq.iter there all
        let rank = all[0].dim() + more

        if dimension < -rank || dimension >= rank then
            raise (
                ArgumentException(
                    $"dimension: found {dimension}, wanted {-rank} to {rank - 1L}; dimensions are counted from 0",
                    nameof dimension
                )
            )

        all

    /// <summary>Tensors end to end along an existing dimension.</summary>
    /// <param name="dimension">Which dimension, counted from 0; negative ones from the end.</param>
    /// <param name="tensors">At least one, of one element type and device.</param>
    /// <exception cref="T:System.ArgumentException">There are none, or they have no such dimension.</exception>
    let concatenate (dimension: int64) (tensors: Tensor seq) : Tensor =
        torch.cat (along 0L dimension tensors, dimension)

    /// <summary>Tensors of equal shape side by side along a new dimension.</summary>
    /// <param name="dimension">Where the new dimension stands, counted from 0.</param>
    /// <param name="tensors">At least one, of one element type and device.</param>
    /// <exception cref="T:System.ArgumentException">There are none, or the new dimension cannot stand there.</exception>
    let stack (dimension: int64) (tensors: Tensor seq) : Tensor =
        torch.stack (along 1L dimension tensors, dimension)

    /// <summary>The same numbers with another placement.</summary>
    /// <param name="placement">Precision and device, such as <c>Placement.float64</c>.</param>
    /// <param name="tensor">The tensor.</param>
    let place placement (tensor: Tensor) : Tensor =
        there tensor

        tensor.``to`` (Placement.dtype placement, Placement.device placement)

    /// <summary>Number of rows.</summary>
    let rows (tensor: Tensor) =
        there tensor

        if tensor.dim () = 0L then
            raise (ArgumentException("tensor: found a scalar, wanted a tensor with rows", nameof tensor))

        int tensor.shape[0]

    /// <summary>The rows with the given indices.</summary>
    /// <param name="indices">Rows, counted from 0.</param>
    /// <param name="tensor">The tensor.</param>
    /// <exception cref="T:System.ArgumentException">There is no such row, or no rows at all.</exception>
    let pick (indices: int[]) (tensor: Tensor) : Tensor =
        let count = rows tensor

        match indices |> Array.tryFind (fun i -> i < 0 || i >= count) with
        | Some i ->
            raise (ArgumentException($"indices: found {i}, but there are {count} rows, from 0 on", nameof indices))
        | None -> ()

        Scope.keep (fun () -> tensor.index_select (0L, torch.tensor (Array.map int64 indices, device = tensor.device)))

    /// <summary>
    /// L with L Lᵀ = A for each of some matrices, and NaN in place of L for those that are not positive definite: what an energy wants, since a
    /// density has no mass where its energy is not a number, whereas <c>torch.linalg.cholesky</c> raises for all if it fails for one. It can be
    /// differentiated.
    /// </summary>
    /// <param name="matrices">A (… × n × n), symmetric.</param>
    /// <returns>L (… × n × n), lower triangular.</returns>
    /// <exception cref="T:System.ArgumentException">The last two dimensions are not equal, or the elements are not
    /// Float64 or Float32.</exception>
    /// <example><code>
    /// // The correlation of two standard normal variables under Lewandowski, Kurowicka and Joe's prior with η = 2
    /// let correlation = Density.ofEnergy 1 (fun r -&gt;
    ///     let one = torch.ones_like r
    ///     let matrix = (Tensor.concatenate 1L [ one; r; r; one ]).reshape (-1L, 2L, 2L)
    ///     -2.0 .* (Tensor.cholesky matrix).diagonal(0L, 1L, 2L).log().sum 1L)
    /// </code></example>
    let cholesky (matrices: Tensor) : Tensor =
        if isNull (box matrices) || matrices.IsInvalid then
            raise (
                ArgumentException(
                    "matrices: found none, or a tensor that was disposed of; keep it alive",
                    nameof matrices
                )
            )

        if
            matrices.dtype <> torch.ScalarType.Float64
            && matrices.dtype <> torch.ScalarType.Float32
        then
            raise (
                ArgumentException(
                    $"matrices: found {matrices.dtype}, wanted Float64 or Float32; convert them with ``to``",
                    nameof matrices
                )
            )

        let shape = matrices.shape

        if shape.Length < 2 || shape[shape.Length - 1] <> shape[shape.Length - 2] then
            raise (
                ArgumentException(
                    $"matrices: found the shape %A{List.ofArray shape}, wanted square matrices, … × n × n; reshape them",
                    nameof matrices
                )
            )

        let struct (root, failed) = torch.linalg.cholesky_ex matrices
        let whole = (failed.eq (failed.zeros_like ())).unsqueeze(-1L).unsqueeze -1L
        torch.where (whole, root, scalar (Placement.ofTensor root) nan)

    /// <summary>Whether every element is a finite number.</summary>
    let isFinite (tensor: Tensor) : bool =
        there tensor

        // A sum is finite unless some element is not (or the sum overflows, which is as bad).
        Double.IsFinite(
            Scope.free (fun () -> tensor.detach().sum().cpu().``to``(torch.ScalarType.Float64).item<float>())
        )

    /// <summary>Root mean square of all elements.</summary>
    /// <exception cref="T:System.ArgumentException">There are none, or they are not floating-point numbers.</exception>
    let rms (tensor: Tensor) : float =
        there tensor

        if tensor.numel () = 0L || not (tensor.is_floating_point ()) then
            raise (
                ArgumentException(
                    $"tensor: found {tensor.numel ()} elements of {tensor.dtype}, wanted one or more floating-point numbers; convert them with ``to``",
                    nameof tensor
                )
            )

        Scope.free (fun () -> toFloat ((tensor * tensor).mean().sqrt()))

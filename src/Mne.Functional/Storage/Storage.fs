namespace Mne.Functional

/// <summary>
/// Solutions, samplers, posteriors and draws in HDF5 files, readable from h5py, Julia and MATLAB, and reopened to the same bits.
/// <para>A file is written whole or not at all, and ends in a seal, the SHA-256 of what is before it: a file that is
/// not, byte for byte, what was written raises <c>DamagedFileException</c> before anything of it is used. Other
/// programs read it, but do not change it.</para>
/// <para>A file has the attributes <c>kind</c>, <c>library</c> (name and version), <c>written</c> and <c>problem</c>
/// (the caller's words), and groups for the network, the equation and the options with an attribute for every field. A
/// solution's <c>trajectory</c> holds, for every accepted step, the coefficients of θ (steps × 5 × p) and of X
/// (steps × 5 × N × d); the first coefficient is the value at the start of the step. Functions cannot be kept: what was
/// made of functions is given again by the caller (the target of a sampler, a network by <c>Network.ofFunction</c>);
/// the functions in a reopened equation raise when it is evaluated, the solution does not.</para>
/// </summary>
[<RequireQualifiedAccess>]
module Storage =

    /// <summary>
    /// Writes a solution; <c>problem</c> says in the caller's words what was solved. Gives the file's full path. A file
    /// of that name is replaced at once and whole.
    /// </summary>
    /// <param name="path">Path of the file, relative to the present folder or absolute.</param>
    /// <param name="problem">What it is about, in the caller's words; kept in the file.</param>
    /// <param name="solution">What an evolution has reached.</param>
    /// <example><code>
    /// solution |&gt; Storage.saveSolution "output/heat.h5" "heat on a circle, 128 points"
    /// use again = Storage.openSolution "output/heat.h5"
    /// again |&gt; Solution.evaluate 0.5 x             // the same bits as before
    /// </code></example>
    let saveSolution (path: string) (problem: string) (solution: Solution) : string =
        SolutionFile.save path problem solution

    /// <summary>
    /// The solution of a file, on the CPU. It evaluates to the bits of the one that was saved. Functions in its
    /// equation and options were not kept, and raise when evaluated.
    /// </summary>
    /// <exception cref="T:System.ArgumentException">The file is not one of a solution or was made with a network by
    /// <c>Network.ofFunction</c> (see <c>openSolutionWith</c>).</exception>
    /// <exception cref="T:Mne.Functional.DamagedFileException">It is not, byte for byte, what was written.</exception>
    /// <exception cref="T:System.IO.FileNotFoundException">There is none.</exception>
    let openSolution (path: string) : Solution = SolutionFile.openWith None path

    /// <summary>
    /// As <c>openSolution</c>, with the network that the solution was made with: for networks by
    /// <c>Network.ofFunction</c>. Its values are compared with some in the file; <c>ArgumentException</c> when they
    /// differ.
    /// </summary>
    /// <param name="network">The network that it was made with.</param>
    /// <param name="path">Path of the file, relative to the present folder or absolute.</param>
    let openSolutionWith (network: Network) (path: string) : Solution =
        SolutionFile.openWith (Some network) path

    /// <summary>
    /// Writes a sampler; <c>problem</c> says in the caller's words what it samples. Gives the file's full path.
    /// </summary>
    /// <param name="path">Path of the file, relative to the present folder or absolute.</param>
    /// <param name="problem">What it is about, in the caller's words; kept in the file.</param>
    /// <param name="sampler">A sampler that has been evolved.</param>
    /// <example><code>
    /// sampler |&gt; Storage.saveSampler "output/modes.h5" "two modes"
    /// use again = Storage.openSampler Process.ornsteinUhlenbeck target "output/modes.h5"
    /// let draws = again |&gt; Sampler.draw Run.quiet 1000       // the same draws as before
    /// </code></example>
    let saveSampler (path: string) (problem: string) (sampler: Sampler) : string = SamplerFile.save path problem sampler

    /// <summary>
    /// The sampler of a file. Its target and process, which are functions, are given again and compared with what the
    /// file knows of them. The same seed gives the same draws as before.
    /// </summary>
    /// <param name="family">The process that it was made with.</param>
    /// <param name="target">The density that it samples.</param>
    /// <param name="path">Path of the file, relative to the present folder or absolute.</param>
    /// <exception cref="T:System.ArgumentException">They differ, and as <c>openSolution</c> does.</exception>
    let openSampler (family: int -> Process) (target: Density) (path: string) : Sampler =
        SamplerFile.openWith None family target path

    /// <summary>
    /// As <c>openSampler</c>, with the network that the sampler was made with: for networks by
    /// <c>Network.ofFunction</c>.
    /// </summary>
    /// <param name="network">The network that it was made with.</param>
    /// <param name="family">The process that it was made with.</param>
    /// <param name="target">The density that it samples.</param>
    /// <param name="path">Path of the file, relative to the present folder or absolute.</param>
    let openSamplerWith (network: Network) (family: int -> Process) (target: Density) (path: string) : Sampler =
        SamplerFile.openWith (Some network) family target path

    /// <summary>Writes a conditional sampler; see <c>saveSampler</c>.</summary>
    /// <param name="path">Path of the file, relative to the present folder or absolute.</param>
    /// <param name="problem">What it is about, in the caller's words; kept in the file.</param>
    /// <param name="conditional">ρ(a | b), evolved.</param>
    let saveConditional (path: string) (problem: string) (conditional: Conditional) : string =
        SamplerFile.saveConditional path problem conditional

    /// <summary>
    /// The conditional sampler of a file; its target is given again. Raises as <c>openSampler</c> does.
    /// </summary>
    /// <param name="target">The density that it samples.</param>
    /// <param name="path">Path of the file, relative to the present folder or absolute.</param>
    let openConditional (target: Density) (path: string) : Conditional = SamplerFile.openConditional target path

    /// <summary>
    /// Writes draws: <c>points</c> (M × d), <c>logProposal</c> and <c>logWeights</c> (M). Gives the file's full path.
    /// </summary>
    /// <param name="path">Path of the file, relative to the present folder or absolute.</param>
    /// <param name="problem">What it is about, in the caller's words; kept in the file.</param>
    /// <param name="draws">Weighted draws: points (M × d), log q (M) and log-weights (M).</param>
    /// <example><code>draws |&gt; Storage.saveDraws "output/draws.h5" "a ring of radius 2, seed 0"</code></example>
    let saveDraws (path: string) (problem: string) (draws: Draws) : string = DrawsFile.save path problem draws

    /// <summary>
    /// Writes a posterior: its draws as <c>saveDraws</c> does, log Z, verdict and plan, and what it takes to draw more. Gives the file's full path.
    /// </summary>
    /// <param name="path">Path of the file, relative to the present folder or absolute.</param>
    /// <param name="problem">What it is about, in the caller's words; kept in the file.</param>
    /// <param name="posterior">What a formula was found to be.</param>
    /// <example><code>
    /// posterior |&gt; Storage.savePosterior "output/posterior.h5" "eight schools"
    /// use again = Storage.openPosterior target "output/posterior.h5"
    /// use more = again |&gt; Posterior.draw { Run.quiet with Seed = 1 } 10000   // the draws that the first one would give
    /// </code></example>
    let savePosterior (path: string) (problem: string) (posterior: Posterior) : string =
        PosteriorFile.save path problem posterior

    /// <summary>
    /// The posterior of a file. Its formula, a function, is given again and compared with what the file knows of it. The same seed gives
    /// the same further draws.
    /// </summary>
    /// <param name="target">The formula that it was made for.</param>
    /// <param name="path">Path of the file, relative to the present folder or absolute.</param>
    /// <exception cref="T:System.ArgumentException">The formula differs, and as <c>openSolution</c> does.</exception>
    let openPosterior (target: Density) (path: string) : Posterior = PosteriorFile.opened target path

    /// <summary>The draws of a file of draws or of a posterior, bit for bit.</summary>
    /// <exception cref="T:System.ArgumentException">It is not one of draws, and as <c>openSolution</c>
    /// does.</exception>
    let openDraws (path: string) : Draws = DrawsFile.opened path

spec isogclr_cases "Published cases of individual temperatures, one modality" from "../isogclr.cl"

# The embeddings are the leaves: `nothing` is there for minimize to move, at rate 0.
variant unimodal "*unimodal_exps/losses.py, SogCLR_DRO_Loss.forward":
    data case: index[item] -> sample, z[item, v, dim]
    param gamma = case_gamma, beta = case_beta_u, eta = case_eta_init, rho = case_rho, tau0 = case_tau_init
    param low = case_tau_min, high = case_tau_max, bound = case_grad_clip
    learn nothing = 0
    state tau[sample = case_samples] = tau0
    let id = index
    train on case from this:
        minimize mean[item](sum[v](surrogate(pull, now))) + nothing by sgd(lr = 0)
        report s_after[sample] = s
        report u_after[sample] = u
        report tau_after[sample] = tau

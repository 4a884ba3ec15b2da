spec isogclr_bimodal_cases "Published cases of individual temperatures, two modalities" from "../isogclr-bimodal.cl"

# The library: the own pair is left out; sums instead of means, halved over the sides; in epoch 0 gamma is 1
# while no row of the batch was seen; no clipping.
variant library "*libauc/losses/contrastive.py, GCLoss_v2*":
    data case: index[item] -> sample, image_z[item, dim], text_z[item, dim]
    param gamma = case_gamma, beta = case_beta, eta = case_eta, rho = case_rho, tau0 = case_tau, tiny = 0
    param low = case_tau_min, high = case_tau_max
    learn nothing = 0
    state ti[sample = case_samples] = tau0
    let id = index, zi = image_z, zt = text_z
    let share_i = 1 if epoch == 0 and sum(si[sample = id]) == 0 else gamma
    let share_t = 1 if epoch == 0 and sum(st[sample = id]) == 0 else gamma
    let now_i = max(case_eps, (1 - share_i) * si[sample = id] * exp(bi[sample = id] - shift_i) + share_i * fresh_i)
    let now_t = max(case_eps, (1 - share_t) * st[sample = id] * exp(bt[sample = id] - shift_t) + share_t * fresh_t)
    let shift_i = stop(max(bi[sample = id], max(top_pair(images, mi), 0)))
    let shift_t = stop(max(bt[sample = id], max(top_pair(texts, mt), 0)))
    let steep_i = stop(slope(images, mi, shift_i, now_i)), steep_t = stop(slope(texts, mt, shift_t, now_t))
    let sides = mean(surrogate(images, mi, shift_i, now_i)) + mean(surrogate(texts, mt, shift_t, now_t))
    train on case from this:
        minimize (size(item) - 1) * sides / 2 + nothing by sgd(lr = 0)
        report s_I_after[sample] = si
        report s_T_after[sample] = st
        report b_I_after[sample] = bi
        report b_T_after[sample] = bt
        report u_I_after[sample] = ui
        report u_T_after[sample] = ut
        report tau_I_after[sample] = ti
        report tau_T_after[sample] = tt

# The paper's repository: the own pair is in the expectation, which is still divided by the number of the others; images
# and texts have numbers of their own.
variant repository "*bimodal_exps/models/losses.py, SogCLR_DRO_Loss.forward" from as_published:
    data case: image_index[item] -> sample, text_index[item] -> sample, image_z[item, dim], text_z[item, dim]
    param gamma = case_gamma, beta = case_beta_u, eta = case_eta_init, rho = case_rho_init, tau0 = case_tau_init
    param low = case_tau_min, high = case_tau_max, bound = case_grad_clip, tiny = case_eps
    learn nothing = 0
    state ti[sample = case_samples] = tau0
    let zi = image_z, zt = text_z
    let images = side(zi, zt, ti[sample = image_index]), texts = side(zt, zi, tt[sample = text_index])
    let shift_i = stop(max(bi[sample = image_index], top_pair(images, mi)))
    let shift_t = stop(max(bt[sample = text_index], top_pair(texts, mt)))
    let now_i = (1 - gamma) * si[sample = image_index] * exp(bi[sample = image_index] - shift_i) + gamma * fresh_i
    let now_t = (1 - gamma) * st[sample = text_index] * exp(bt[sample = text_index] - shift_t) + gamma * fresh_t
    train on case:
        minimize mean(
            surrogate(images, mi, shift_i, now_i)
        ) + mean(surrogate(texts, mt, shift_t, now_t)) + nothing by sgd(lr = 0)
        si[sample = image_index] <- now_i
        bi[sample = image_index] <- shift_i
        ui[sample = image_index] <- (1 - beta) * ui[sample = image_index] + beta * steep_i
        ti[sample = image_index] <- clamp(ti[sample = image_index] - eta * ui[sample = image_index], low, high)
        st[sample = text_index] <- now_t
        bt[sample = text_index] <- shift_t
        ut[sample = text_index] <- (1 - beta) * ut[sample = text_index] + beta * steep_t
        tt[sample = text_index] <- clamp(tt[sample = text_index] - eta * ut[sample = text_index], low, high)
        report s_I_after[sample] = si
        report s_T_after[sample] = st
        report b_I_after[sample] = bi
        report b_T_after[sample] = bt
        report u_I_after[sample] = ui
        report u_T_after[sample] = ut
        report tau_I_after[sample] = ti
        report tau_T_after[sample] = tt

spec sepclr_cases "Published cases of common and salient spaces" from "../sepclr.cl"

# The heads' outputs of both views are given; the terms are reported one by one.
variant terms "*: losses.py and cifar_mnist/sep_clr_k-jem.py, train":
    data case: common_1[item, dim], common_2[item, dim], salient_1[
        item, part
    ], salient_2[item, part], label[item] -> kind
    param w_uniform = case_uniformity_factor, w_salient = case_salient_weight
    param w_null = case_background_weight, w_joint = case_jem_weight, two_tau = 2 * case_tau
    let target = 1 if label == case_target_label else 0
    let c = unit(stack[v](common_1, common_2))
    let s = stack[v](salient_1, salient_2)[part -> dim]
    on case:
        report common_alignment = mean(aligned(c))
        report common_uniformity = uniform(c)
        report salient_alignment = mean[item if target == 1](aligned(s)) else 0
        report salient_uniformity = uniform(n)
        report background_to_null = null
        report joint_entropy = joint
        report loss = total

# One salient dimension for each attribute; the first view alone has them.
variant known "*: dsprite_digit_grid/supervised_disentangled_sep_clr_k-jem.py, train" from attributes:
    data case: common_1[item, dim], common_2[item, dim], salient_1[
        item, part
    ], attribute[item, part], label[item] -> kind
    param w_salient = case_salient_weight, w_joint = case_jem_weight, two_tau = 2 * case_tau
    param discrete = case_discrete_bandwidth, smooth = 2 * case_tau_attribute
    let target = label
    let trait = attribute
    let c = unit(stack[v](common_1, common_2))
    let s = salient_1
    on case:
        report salient = salient
        report common = common
        report joint_entropy = joint
        report loss = total

/** npm run models: pretrained networks for later versions. This version trains full networks only and needs none. */
console.log('This version of Understudy needs no pretrained networks: every model is trained from your own clips.');
